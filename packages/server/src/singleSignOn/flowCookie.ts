import { readCookie } from '../http/cookie.ts';

/** Name of the cookie that ties a sign-in at an identity provider to the browser it began in. */
export const flowCookieName = '__Host-bulkhead-flow';

// Lax, unlike every other cookie: the provider's redirect comes from another site. It is encrypted, and opens nothing.
const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** `Set-Cookie` for a flow of ten minutes. */
export function flowCookie(value: string): string {
  return `${flowCookieName}=${value}; ${attributes}; Max-Age=600`;
}

/** `Set-Cookie` that takes it back. */
export const endedFlowCookie = `${flowCookieName}=; ${attributes}; Max-Age=0`;

/** The flow cookie of a Cookie header; undefined when it is absent or there twice. */
export function readFlowCookie(header: string | undefined): string | undefined {
  return readCookie(header, flowCookieName);
}
