import { cookieAttributes } from '../http/cookie.ts';

/** Cookies by which a link knows the browser that asked for it. Strict: they are only ever sent by our own pages. */
export type FlowCookie = { name: `__Host-${string}`; life: number };

/** `life` in seconds: that of the link. */
export const magicLinkCookie: FlowCookie = { name: '__Host-bulkhead-link', life: 600 };
export const signUpCookie: FlowCookie = { name: '__Host-bulkhead-sign-up', life: 86_400 };

export function setFlowCookie({ name, life }: FlowCookie, secret: string): string {
  return `${name}=${secret}; ${cookieAttributes}; Max-Age=${life}`;
}

export function endFlowCookie({ name }: FlowCookie): string {
  return `${name}=; ${cookieAttributes}; Max-Age=0`;
}
