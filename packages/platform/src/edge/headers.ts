import type { Verdict } from './limit.ts';

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4), and `Retry-After` in
 * whole seconds where a request was refused (RFC 9110 section 10.2.3).
 */
export function limitHeaders(verdicts: readonly Verdict[]): Record<string, string> {
  if (verdicts.length === 0) return {};
  const refused = verdicts.filter(({ admitted }) => !admitted);
  const wait = Math.max(...refused.map(({ retryIn, resetsIn }) => secondsOf(retryIn ?? resetsIn)));
  return {
    'ratelimit-policy': verdicts
      .map(({ limit }) => `"${limit.name}";q=${limit.cap};w=${limit.seconds}`)
      .join(', '),
    ratelimit: verdicts
      .map(({ limit, remaining, resetsIn }) => `"${limit.name}";r=${remaining};t=${secondsOf(resetsIn)}`)
      .join(', '),
    ...(refused.length === 0 ? {} : { 'retry-after': String(wait) }),
  };
}

/** Never too early, and never 0. */
export function secondsOf(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
