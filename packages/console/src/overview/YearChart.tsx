import { Amount } from '../elements/Amount.tsx';
import { DataTable } from '../elements/DataTable.tsx';
import { readableMonth } from '../elements/dates.ts';
import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import { decimalText, parseDecimal, subtract, zero } from '../money/decimal.ts';
import { shortAmount } from '../money/format.ts';
import { yearBars } from './bars.ts';
import type { MonthFigures } from './types.ts';
import styles from './YearChart.module.css';

const plot = { left: 52, top: 10, width: 720, height: 170, bar: 18 };

/** Two bars a month, drawn in SVG with attributes and classes only; the same numbers as a table below. */
export function YearChart({ months, currency }: { months: readonly MonthFigures[]; currency: string }) {
  const chart = yearBars(months, plot.height);
  const step = plot.width / Math.max(months.length, 1);
  return (
    <>
      <ul className={styles.legend}>
        <li className={styles.income}>Income</li>
        <li className={styles.expenses}>Expenses</li>
      </ul>
      <ScrollRegion label="Chart">
        <svg
          className={styles.chart}
          viewBox={`0 0 ${plot.left + plot.width} ${plot.top + plot.height + 24}`}
          role="img"
          aria-label="Income and expenses by month; the table below has the numbers"
        >
          {chart.lines.map(({ y, amount }) => (
            <g key={amount}>
              <line
                className={styles.line}
                x1={plot.left}
                x2={plot.left + plot.width}
                y1={plot.top + y}
                y2={plot.top + y}
              />
              <text className={styles.scale} x={plot.left - 8} y={plot.top + y + 4} textAnchor="end">
                {shortAmount(amount)}
              </text>
            </g>
          ))}
          {chart.months.map(({ startsOn, income, expenses }, index) => {
            const middle = plot.left + step * (index + 0.5);
            return (
              <g key={startsOn}>
                <Bar className={styles.income} x={middle - plot.bar - 1} height={income} />
                <Bar className={styles.expenses} x={middle + 1} height={expenses} />
                <text className={styles.month} x={middle} y={plot.top + plot.height + 17} textAnchor="middle">
                  {readableMonth(startsOn)}
                </text>
              </g>
            );
          })}
        </svg>
      </ScrollRegion>
      <MonthTable months={months} currency={currency} />
    </>
  );
}

function Bar({ className, x, height }: { className: string | undefined; x: number; height: number }) {
  if (height === 0) return null;
  return (
    <rect
      className={className}
      x={x}
      y={plot.top + plot.height - height}
      width={plot.bar}
      height={height}
      rx={2}
    />
  );
}

function MonthTable({ months, currency }: { months: readonly MonthFigures[]; currency: string }) {
  return (
    <details className={styles.details}>
      <summary>The same as a table</summary>
      <DataTable
        caption={`Income and expenses by month in ${currency}`}
        rows={months}
        rowKey={({ startsOn }) => startsOn}
        columns={[
          {
            key: 'month',
            header: 'Month',
            cell: ({ startsOn }) => `${readableMonth(startsOn)} ${startsOn.slice(0, 4)}`,
          },
          { key: 'income', header: 'Income', align: 'end', cell: ({ income }) => <Amount value={income} /> },
          {
            key: 'expenses',
            header: 'Expenses',
            align: 'end',
            cell: ({ expenses }) => <Amount value={expenses} />,
          },
          {
            key: 'profit',
            header: 'Profit',
            align: 'end',
            cell: (month) => <Amount value={profitOf(month)} />,
          },
        ]}
      />
    </details>
  );
}

function profitOf({ income, expenses }: MonthFigures): string {
  return decimalText(subtract(parseDecimal(income) ?? zero, parseDecimal(expenses) ?? zero));
}
