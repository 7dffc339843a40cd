import { callerAddress, limitHeaders } from '@bulkhead/platform/edge';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../http/reply.ts';
import { providerPath } from '../provider/host.ts';
import { tooMany } from './calls.ts';
import type { Limits } from './parts.ts';

/** Steps of a sign-in that are no procedures. Each step has its own count, so that one sign-in is one of each. */
const signInSteps: ReadonlySet<string> = new Set([
  '/sign-in/oidc/start/:key',
  '/sign-in/oidc/callback/:key',
  '/sign-in/saml/:connection/start',
  '/sign-in/saml/:connection/acs',
  '/sign-in/saml/:connection/finish',
]);

/**
 * Limits what is no procedure. It goes by the route that was matched, never by the address as sent: no way to write a
 * path escapes it (T-38).
 */
export function mountRouteLimits(app: FastifyInstance, { limiter, policies }: Limits): void {
  app.addHook('onRequest', async (request, reply) => {
    const { url = '' } = request.routeOptions;
    const isStep = signInSteps.has(url);
    const isProvider = request.method === 'POST' && url.startsWith(`${providerPath}/`);
    const limit = isStep ? policies.classes['sign-in'].ip : isProvider ? policies.token : undefined;
    if (limit === undefined) return;
    const address = callerAddress(request.ip);
    const verdict = await limiter.take(limit, isStep ? `${url} ${address}` : `ip ${address}`);
    void reply.headers(limitHeaders([verdict]));
    if (!verdict.admitted) return sendRefusal(reply, tooMany(verdict));
  });
}
