const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Milliseconds from a failed attempt to the next, before chance: eleven attempts within three days. */
export const retryWaits: readonly number[] = [
  5 * second,
  minute,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  18 * hour,
  22 * hour,
];

export const maximumAttempts = retryWaits.length + 1;

/** How far chance moves a wait to either side, so that what failed together does not come back together. */
const jitter = 0.1;
/** A server may ask for more time than the table gives, and for no more than this. */
const longestRetryAfter = 24 * hour;

/** What came of one call. */
export type CallResult = {
  /** What the endpoint answered; null: it did not. */
  status: number | null;
  /** Code of what went wrong; null: it took the message. */
  error: string | null;
  /** The beginning of its answer, masked; null: none. */
  answer: string | null;
  /** Milliseconds that it asked to be left alone; null: it did not ask. */
  retryAfter: number | null;
};

/** What becomes of a delivery. */
export type Verdict =
  | { state: 'delivered' }
  | { state: 'pending'; wait: number }
  | { state: 'dead'; exhausted: boolean; gone: boolean };

/**
 * @param attempt 1 for the first
 * @param random 0 up to but not 1
 */
export function judge(
  { status, error, retryAfter }: CallResult,
  attempt: number,
  random: () => number,
): Verdict {
  if (error === null) return { state: 'delivered' };
  // Standard Webhooks: whoever answers 410 Gone wants nothing any more.
  if (status === 410) return { state: 'dead', exhausted: false, gone: true };
  const wait = retryWaits[attempt - 1];
  if (wait === undefined) return { state: 'dead', exhausted: true, gone: false };
  const jittered = Math.round(wait * (1 - jitter + 2 * jitter * random()));
  return { state: 'pending', wait: Math.max(jittered, Math.min(retryAfter ?? 0, longestRetryAfter)) };
}

/** Reads `Retry-After` (RFC 9110 section 10.2.3): seconds or a date. Milliseconds; null when there is none to read. */
export function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * second;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
