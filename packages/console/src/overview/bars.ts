import { parseDecimal, type Decimal } from '../money/decimal.ts';
import type { MonthFigures } from './types.ts';

/** A month's two bars, in pixels of the chart. */
export type Bars = { startsOn: string; income: number; expenses: number };

/** The chart's bars and the lines behind them. `top` is the amount at the chart's upper edge. */
export type Chart = { months: Bars[]; top: string; lines: { y: number; amount: string }[] };

/**
 * Scales a year to `height` pixels, with lines at round amounts. Amounts below zero
 * (a month of credits only) get no bar, and the table below the chart tells them.
 */
export function yearBars(months: readonly MonthFigures[], height: number): Chart {
  const amounts = months.flatMap(({ income, expenses }) => [wholeOf(income), wholeOf(expenses)]);
  const largest = amounts.reduce((most, amount) => (amount > most ? amount : most), 0n);
  const top = roundUp(largest);
  const scale = (amount: bigint): number => Number((amount * BigInt(height) * 100n) / top) / 100;
  return {
    months: months.map(({ startsOn, income, expenses }) => ({
      startsOn,
      income: Math.max(0, scale(wholeOf(income))),
      expenses: Math.max(0, scale(wholeOf(expenses))),
    })),
    top: top.toString(),
    lines: [0n, 1n, 2n, 3n, 4n].map((quarter) => ({
      y: height - (height * Number(quarter)) / 4,
      amount: ((top * quarter) / 4n).toString(),
    })),
  };
}

function wholeOf(text: string): bigint {
  const value: Decimal | null = parseDecimal(text);
  return value === null ? 0n : value.units / 10n ** BigInt(value.scale);
}

/** Leading digits of a round quarter, ten times over. */
const roundQuarters = [10n, 12n, 15n, 20n, 25n, 30n, 40n, 50n, 60n, 80n];

/** The next amount whose quarter is a round number, so that the lines behind the bars are too. */
function roundUp(amount: bigint): bigint {
  let unit = 1n;
  for (;;) {
    const quarter = roundQuarters.find((digits) => digits * unit * 4n >= amount);
    if (quarter !== undefined) return quarter * unit * 4n;
    unit *= 10n;
  }
}
