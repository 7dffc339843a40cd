/** Name of the session cookie. The prefix binds it to this host, to TLS and to the whole site (RFC 6265bis). */
export const sessionCookieName = '__Host-bulkhead';

/**
 * The session token a request carries. A cookie given twice counts as none: which of them the
 * browser holds cannot be told.
 */
export function readSessionCookie(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${sessionCookieName}=`))
    .map((pair) => pair.slice(sessionCookieName.length + 1));
  const [value] = values;
  return values.length === 1 && value !== '' ? value : undefined;
}

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Strict';

/** `Set-Cookie` that hands out a session, for `maxAge` seconds. */
export function sessionCookie(token: string, maxAge: number): string {
  return `${sessionCookieName}=${token}; ${attributes}; Max-Age=${maxAge}`;
}

/** `Set-Cookie` that takes it back. */
export const endedSessionCookie = `${sessionCookieName}=; ${attributes}; Max-Age=0`;
