import { parseDecimal, type Decimal } from '../money/decimal.ts';
import type { MonthFigures } from './types.ts';

/** A month's two bars, in pixels of the chart. */
export type Bars = { startsOn: string; income: number; expenses: number };

/** The chart's bars and the lines behind them. `top` is the amount at the chart's upper edge. */
export type Chart = { months: Bars[]; top: string; lines: { y: number; amount: string }[] };

/**
 * Scales a year to `height` pixels. The scale ends at 1, 2 or 5 times a power of ten; amounts below zero
 * (a month of credits only) get no bar, and the table below the chart tells them.
 */
export function yearBars(months: readonly MonthFigures[], height: number): Chart {
  const amounts = months.flatMap(({ income, expenses }) => [wholeOf(income), wholeOf(expenses)]);
  const largest = amounts.reduce((most, amount) => (amount > most ? amount : most), 0n);
  const top = roundUp(largest === 0n ? 1n : largest);
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

function roundUp(amount: bigint): bigint {
  let unit = 4n;
  for (;;) {
    for (const step of [1n, 2n, 5n]) {
      if (unit * step >= amount) return unit * step;
    }
    unit *= 10n;
  }
}
