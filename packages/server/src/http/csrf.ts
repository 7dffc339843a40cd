import type { Refusal } from '../problem/problem.ts';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What a cross-site request forgery check looks at. */
export type OriginEvidence = {
  method: string;
  /** `Sec-Fetch-Site` */
  fetchSite: string | undefined;
  /** `Origin` */
  origin: string | undefined;
  /** Whether the request carries the session cookie, which a browser adds by itself. Asked for unsafe methods only. */
  hasCookie: () => boolean;
};

/**
 * Refuses an unsafe request that another site may have made a browser send. Fetch Metadata AND
 * Origin must agree; one of them passing is not enough, and `same-site` is refused, because a
 * sibling domain may belong to somebody else. A request without the cookie and without both
 * headers comes from a program, which has no ambient authority to abuse.
 *
 * @param origins origins that are this server's own, e.g. `https://app.example.com`
 * @returns the refusal, or undefined when the request may go on
 */
export function refuseForgery(evidence: OriginEvidence, origins: ReadonlySet<string>): Refusal | undefined {
  const { method, fetchSite, origin, hasCookie } = evidence;
  if (safeMethods.has(method)) return undefined;
  if (fetchSite !== undefined && fetchSite !== 'same-origin') return forged;
  if (origin !== undefined && !origins.has(origin)) return forged;
  if ((fetchSite === undefined || origin === undefined) && hasCookie()) return forged;
  return undefined;
}

const forged: Refusal = {
  status: 403,
  code: 'cross_origin_refused',
  message: 'This request does not come from this site’s own pages.',
};
