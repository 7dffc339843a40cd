import type { RateClass, Usage } from './types.ts';

/** One hour or day: what was answered and what was refused. */
export type Column = { at: string; answered: number; refused: number };

/** The chart's columns in pixels of it, and what stands beside them. */
export type Chart = {
  columns: (Column & { answeredHeight: number; refusedHeight: number })[];
  lines: { y: number; count: number }[];
  /** Where the limit is; null when it is far above everything, or there is none. */
  limitY: number | null;
};

const length = { hour: 3_600_000, day: 86_400_000 };

/** Every hour or day from the first to the last, those in which nothing happened too. */
export function columnsOf(usage: Usage, rateClass: RateClass): Column[] {
  const counted = new Map(
    usage.points
      .filter((point) => point.rateClass === rateClass)
      .map(({ at, answered, refused }) => [Date.parse(at), { answered, refused }]),
  );
  const columns: Column[] = [];
  for (let at = Date.parse(usage.since); at <= Date.parse(usage.until); at += length[usage.step]) {
    columns.push({ at: new Date(at).toISOString(), answered: 0, refused: 0, ...counted.get(at) });
  }
  return columns;
}

/** What the limits admit in one hour or day, used to the full; null: no limit. */
export function admittedAtMost({ limits, step }: Usage, rateClass: RateClass): number | null {
  const limit = limits.find((one) => one.rateClass === rateClass);
  if (limit === undefined) return null;
  const anHour = limit.cap * 60 + limit.burst;
  return step === 'hour' ? anHour : anHour * 24;
}

/** Scales columns to `height` pixels. A limit up to four times the tallest column is in the picture. */
export function scaleColumns(
  columns: readonly Column[],
  { height, limit }: { height: number; limit: number | null },
): Chart {
  const tallest = columns.reduce((most, { answered, refused }) => Math.max(most, answered + refused), 0);
  const near = limit !== null && limit <= tallest * 4;
  const top = roundUp(near ? Math.max(tallest, limit) : tallest);
  const scale = (count: number): number => (count * height) / top;
  return {
    columns: columns.map((column) => ({
      ...column,
      answeredHeight: scale(column.answered),
      refusedHeight: scale(column.refused),
    })),
    lines: [0, 1, 2, 3, 4].map((quarter) => ({
      y: height - (height * quarter) / 4,
      count: (top * quarter) / 4,
    })),
    limitY: near ? height - scale(limit) : null,
  };
}

/** The next count whose quarter is a round number, at least 4. */
function roundUp(count: number): number {
  for (let unit = 1; ; unit *= 10) {
    const quarter = [1, 2, 3, 4, 5, 6, 8].find((digit) => digit * unit * 4 >= count);
    if (quarter !== undefined) return quarter * unit * 4;
  }
}
