import type { FastifyRequest } from 'fastify';
import { readSessionCookie } from '../http/cookie.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A procedure of a tenant: pages of origins that the tenant allows may call it with a bearer credential. */
    crossOrigin?: true;
  }
}

/** Origins of other sites whose pages made a request. */
const origins = new WeakMap<FastifyRequest, string>();

/**
 * Whether a request is one that a page of another site may be allowed to make: it names that site, goes to a tenant's
 * procedure, and brings a bearer credential and no session cookie. Nothing in it was added by the browser itself, so
 * there is no authority in it that the page did not already have. Whether it may is decided once its tenant is known.
 *
 * @param own origins that are this server's own
 */
export function crossesOrigins(request: FastifyRequest, own: ReadonlySet<string>): boolean {
  const { origin, authorization, cookie } = request.headers;
  if (origin === undefined || own.has(origin)) return false;
  if (request.routeOptions.config.crossOrigin !== true) return false;
  if (authorization === undefined || readSessionCookie(cookie) !== undefined) return false;
  origins.set(request, origin);
  return true;
}

/** The site whose page made this request; undefined: a page of our own, or no page. */
export function crossOriginOf(request: FastifyRequest): string | undefined {
  return origins.get(request);
}
