/** A month of the demo, `YYYY-MM`, and its days. */
export type Month = { first: string; last: string };

/** The month of `today` and the `count` months before it, oldest first. `today` is `YYYY-MM-DD`. */
export function monthsThrough(today: string, count: number): Month[] {
  const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7)) - 1];
  return Array.from({ length: count + 1 }, (_, index) => ({
    first: day(Date.UTC(year, month - count + index, 1)),
    last: day(Date.UTC(year, month - count + index + 1, 0)),
  }));
}

/** `days` later than a day. */
export function later(from: string, days: number): string {
  return day(Date.parse(from) + days * 86_400_000);
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
