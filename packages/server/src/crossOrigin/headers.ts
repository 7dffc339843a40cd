/** Headers of an answer that a page of another site may read, beyond those that every page may (Fetch section 3.2.4). */
const exposed = ['content-disposition', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'].join(
  ', ',
);

/** What a page may send: how a call says who it is for, and what it brings. */
const sendable = [
  'authorization',
  'bulkhead-company',
  'bulkhead-tenant',
  'content-type',
  'last-event-id',
].join(', ');

/** Seconds a browser keeps the answer to a preflight. Each call is judged anew, so a withdrawal needs no shorter one. */
const preflightAge = 600;

/**
 * Lets the page of an allowed origin read the answer to its own call. Never `*`, and never
 * `Access-Control-Allow-Credentials`: a browser then neither sends cookies nor shows an answer to a call with cookies.
 */
export function readableBy(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
    vary: 'Origin',
  };
}

/**
 * The answer to a preflight: whether the browser may send the call at all.
 *
 * @param methods those that tenants' procedures answer at the address
 */
export function preflightHeaders(origin: string, methods: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': sendable,
    'access-control-max-age': String(preflightAge),
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  };
}
