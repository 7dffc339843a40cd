import type { BurstLimit, Verdict } from './limit.ts';
import type { Limiter } from './limiter.ts';

/**
 * Counts one request against a limit, and against the burst only once the limit is used up. A window of the limit so
 * admits its cap and whatever is left of the burst, and a window of the burst never more of it than its cap.
 *
 * @returns one verdict for each limit that was asked, all of them with what became of the request
 */
export async function takeWithBurst(
  limiter: Pick<Limiter, 'take'>,
  { limit, burst }: BurstLimit,
  caller: string,
): Promise<[Verdict, ...Verdict[]]> {
  const verdict = await limiter.take(limit, caller);
  if (verdict.admitted || burst === undefined) return [verdict];
  const extra = await limiter.take(burst, caller);
  // Whichever window ends first admits again.
  const outcome = { admitted: extra.admitted, retryIn: Math.min(verdict.resetsIn, extra.resetsIn) };
  return [
    { ...verdict, ...outcome },
    { ...extra, ...outcome },
  ];
}
