/** Name of the session cookie. The prefix binds it to this host, to TLS and to the whole site (RFC 6265bis). */
export const sessionCookieName = '__Host-bulkhead';

/** Name of the cookie that tells a browser seen before from a new one. */
export const deviceCookieName = '__Host-bulkhead-device';

/**
 * The session token a request carries. A cookie given twice counts as none: which of them the
 * browser holds cannot be told.
 */
export function readSessionCookie(header: string | undefined): string | undefined {
  return readCookie(header, sessionCookieName);
}

/** What the browser is known by from one sign-in to the next; it opens nothing. */
export function readDeviceCookie(header: string | undefined): string | undefined {
  return readCookie(header, deviceCookieName);
}

/** One cookie's value; undefined when it is absent, empty, or there more than once. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== '' ? value : undefined;
}

/** Attributes of every cookie of ours. */
export const cookieAttributes = 'Path=/; HttpOnly; Secure; SameSite=Strict';

/** `Set-Cookie` that hands out a session, for `maxAge` seconds. */
export function sessionCookie(token: string, maxAge: number): string {
  return `${sessionCookieName}=${token}; ${cookieAttributes}; Max-Age=${maxAge}`;
}

/** 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5). */
const deviceLife = 400 * 24 * 3600;

/** `Set-Cookie` that lets the browser be known again; each sign-in renews it. */
export function deviceCookie(token: string): string {
  return `${deviceCookieName}=${token}; ${cookieAttributes}; Max-Age=${deviceLife}`;
}

/** `Set-Cookie` that takes the session back. */
export const endedSessionCookie = `${sessionCookieName}=; ${cookieAttributes}; Max-Age=0`;
