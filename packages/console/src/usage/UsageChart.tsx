import { DataTable } from '../elements/DataTable.tsx';
import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import { countText } from '../isolation/counts.ts';
import { admittedAtMost, columnsOf, scaleColumns } from './columns.ts';
import type { Column } from './columns.ts';
import type { RateClass, Usage } from './types.ts';
import styles from './UsageChart.module.css';

const plot = { left: 62, top: 12, width: 720, height: 170 };

type UsageChartProps = { usage: Usage; rateClass: RateClass; what: string };

/** One column an hour or day, drawn in SVG with attributes and classes only; the same numbers as a table below. */
export function UsageChart({ usage, rateClass, what }: UsageChartProps) {
  const columns = columnsOf(usage, rateClass);
  const limit = admittedAtMost(usage, rateClass);
  const chart = scaleColumns(columns, { height: plot.height, limit });
  const step = plot.width / Math.max(columns.length, 1);
  const bottom = plot.top + plot.height;
  return (
    <>
      <ul className={styles.legend}>
        <li className={styles.answered}>Answered</li>
        <li className={styles.refused}>Refused</li>
        {limit === null ? null : <li className={styles.limit}>{limitText(usage, limit, chart.limitY)}</li>}
      </ul>
      <ScrollRegion label="Chart">
        <svg
          className={styles.chart}
          viewBox={`0 0 ${plot.left + plot.width} ${bottom + 24}`}
          role="img"
          aria-label={`${what} by ${usage.step}; the table below has the numbers`}
        >
          <Scale lines={chart.lines} />
          {chart.columns.map(({ at, answeredHeight, refusedHeight }, index) => (
            <g key={at}>
              <Bar className={styles.answered} place={{ index, step }} from={0} height={answeredHeight} />
              <Bar
                className={styles.refused}
                place={{ index, step }}
                from={answeredHeight}
                height={refusedHeight}
              />
              {index % labelEvery(usage.step) === 0 ? (
                <text className={styles.scale} x={plot.left + step * index} y={bottom + 17}>
                  {labelOf(at, usage.step)}
                </text>
              ) : null}
            </g>
          ))}
          {chart.limitY === null ? null : <Line className={styles.limit} y={plot.top + chart.limitY} />}
        </svg>
      </ScrollRegion>
      <NumberTable columns={columns} step={usage.step} what={what} />
    </>
  );
}

function Scale({ lines }: { lines: readonly { y: number; count: number }[] }) {
  return lines.map(({ y, count }) => (
    <g key={count}>
      <Line className={styles.line} y={plot.top + y} />
      <text className={styles.scale} x={plot.left - 8} y={plot.top + y + 4} textAnchor="end">
        {countText(count)}
      </text>
    </g>
  ));
}

function Line({ className, y }: { className: string | undefined; y: number }) {
  return <line className={className} x1={plot.left} x2={plot.left + plot.width} y1={y} y2={y} />;
}

type BarProps = {
  className: string | undefined;
  place: { index: number; step: number };
  from: number;
  height: number;
};

function Bar({ className, place: { index, step }, from, height }: BarProps) {
  if (height === 0) return null;
  return (
    <rect
      className={className}
      x={plot.left + step * index + 1}
      y={plot.top + plot.height - from - height}
      width={step - 2}
      height={height}
    />
  );
}

function NumberTable({
  columns,
  step,
  what,
}: {
  columns: readonly Column[];
  step: Usage['step'];
  what: string;
}) {
  return (
    <details className={styles.details}>
      <summary>The same as a table</summary>
      <DataTable
        caption={`${what} by ${step}, UTC`}
        rows={columns.filter(({ answered, refused }) => answered + refused > 0).toReversed()}
        rowKey={({ at }) => at}
        columns={[
          { key: 'at', header: step === 'hour' ? 'Hour' : 'Day', cell: ({ at }) => readable(at, step) },
          { key: 'answered', header: 'Answered', align: 'end', cell: ({ answered }) => countText(answered) },
          { key: 'refused', header: 'Refused', align: 'end', cell: ({ refused }) => countText(refused) },
        ]}
      />
    </details>
  );
}

function limitText({ step }: Usage, limit: number, y: number | null): string {
  const allowed = `${step === 'hour' ? 'An hour' : 'A day'} of the limit: ${countText(limit)}`;
  return y === null ? `${allowed}, above this chart` : allowed;
}

/** Hours stand on the axis every eight, days every five. */
function labelEvery(step: Usage['step']): number {
  return step === 'hour' ? 8 : 5;
}

function labelOf(at: string, step: Usage['step']): string {
  return step === 'hour' ? `${at.slice(11, 13)}:00` : readable(at, step);
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function readable(at: string, step: Usage['step']): string {
  const day = dayFormat.format(new Date(at));
  return step === 'hour' ? `${day}, ${at.slice(11, 13)}:00` : day;
}
