import { PlatformError } from '@bulkhead/platform/errors';
import { beginOidc, finishOidc, type OidcOutcome } from '@bulkhead/platform/identity/single-sign-on';
import type { SignInOutcome } from '@bulkhead/platform/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { statusOfKind } from '../contract/errors.ts';
import { createScope } from '../http/procedures.ts';
import { rememberScope } from '../http/requests.ts';
import type { Log } from '../http/log.ts';
import { describeError } from '../http/log.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { Authenticate } from '../session/authenticate.ts';
import { deviceOf, endPrevious, setSessionCookies } from '../session/begin.ts';
import { refusalPage } from '../saml/pages.ts';
import { endedFlowCookie, flowCookie, readFlowCookie } from './flowCookie.ts';
import type { SingleSignOnParts } from './parts.ts';

type Mounted = { parts: SingleSignOnParts; authenticate: Authenticate; log: Log };
type Step = (scope: RequestScope, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** OpenID Connect's own addresses. They are navigations, not procedures: the provider and the browser decide their shape. */
export function mountOidc(app: FastifyInstance, mounted: Mounted): void {
  const { authenticate, log } = mounted;
  const answering = (step: Step) => async (request: FastifyRequest, reply: FastifyReply) => {
    const scope = createScope(request, authenticate);
    rememberScope(request, scope);
    try {
      return await step(scope, request, reply);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      scope.outcome.code = error.code;
      if (error.cause !== undefined) {
        log.warn({ event: 'sign_in_refused', requestId: scope.id, error: describeError(error.cause) });
      }
      const page = refusalPage({ message: error.message, requestId: scope.id });
      return reply.code(statusOfKind[error.kind]).type('text/html; charset=utf-8').send(page);
    }
  };
  app.get('/sign-in/oidc/start/:key', answering(start(mounted)));
  app.get('/sign-in/oidc/callback/:key', answering(callback(mounted)));
}

const start =
  ({ parts }: Mounted): Step =>
  async (scope, request, reply) => {
    const { return: returnPath } = request.query as { return?: unknown };
    const { url, cookie } = await beginOidc(parts, {
      key: keyOf(request),
      returnPath: typeof returnPath === 'string' ? returnPath : '/',
      browser: { deviceToken: scope.deviceToken, sessionToken: scope.token },
    });
    return reply.header('set-cookie', flowCookie(cookie)).redirect(url, 303);
  };

const callback =
  ({ parts }: Mounted): Step =>
  async (scope, request, reply) => {
    // Whatever comes of it, the cookie has served.
    void reply.header('set-cookie', endedFlowCookie);
    const { identity } = parts;
    const finished = await finishOidc(parts, {
      key: keyOf(request),
      query: new URL(request.url, 'http://server.invalid').searchParams,
      cookie: readFlowCookie(request.headers.cookie),
      device: deviceOf(scope),
    });
    const { outcome, returnPath, sessionToken } = finished;
    if (outcome.kind === 'session') {
      await endPrevious(identity, { token: sessionToken });
      setSessionCookies(identity, scope, outcome.session);
      for (const cookie of scope.cookies) void reply.header('set-cookie', cookie);
    }
    return reply.redirect(addressAfter(outcome, returnPath), 303);
  };

/** Where the browser goes then. A challenge stands in the fragment, which reaches no server and no log. */
export function addressAfter(outcome: SignInOutcome | OidcOutcome['outcome'], returnPath: string): string {
  if (outcome.kind !== 'factor_required') return returnPath;
  const search = returnPath === '/' ? '' : `?${new URLSearchParams({ return: returnPath })}`;
  return `/sign-in${search}#challenge=${encodeURIComponent(outcome.challenge)}`;
}

function keyOf(request: FastifyRequest): string {
  return (request.params as { key: string }).key;
}
