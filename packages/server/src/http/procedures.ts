import { holdsCardNumber } from '@bulkhead/platform/card';
import type { StandardLazyRequest } from '@orpc/standard-server';
import { toAbortSignal } from '@orpc/standard-server-node';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readableBy } from '../crossOrigin/headers.ts';
import type { AnswerPreflight } from '../crossOrigin/preflight.ts';
import { crossOriginOf } from '../crossOrigin/request.ts';
import type { MountedProcedure } from '../rpc/procedures.ts';
import type { DispatchContext } from '../rpc/dispatch.ts';
import { RequestScope } from '../rpc/scope.ts';
import type { Authenticate } from '../session/authenticate.ts';
import { readDeviceCookie, readSessionCookie } from './cookie.ts';
import { normaliseAddress } from './proxies.ts';
import { sendRefusal, sendStandard } from './reply.ts';
import { rememberScope } from './requests.ts';
import type { StandardHandler } from '@orpc/server/standard';

type Handler = Pick<StandardHandler<DispatchContext>, 'handle'>;

export type ProcedureRoutes = {
  procedures: readonly MountedProcedure[];
  api: Handler;
  rpc: Handler;
  authenticate: Authenticate;
  preflight: AnswerPreflight;
  /** True once the server is leaving: an answer then closes its connection. */
  draining: () => boolean;
};

/** Address of the batches of the typed client. */
export const batchPath = '/rpc/__batch__';

/**
 * One route a procedure under `/api`, one under `/rpc`, and the batch. Routes are explicit, so
 * that each has its own body limit, its own name in the log, and the right answer to the wrong
 * method.
 */
export function mountProcedures(app: FastifyInstance, routes: ProcedureRoutes): void {
  const { procedures, authenticate } = routes;
  const answer = (handler: Handler, prefix: '/api' | '/rpc', { streams }: { streams: boolean }) => {
    const problems = prefix === '/api';
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const scope = createScope(request, authenticate);
      rememberScope(request, scope);
      const result = await handler.handle(toStandard(request, streams ? reply : undefined), {
        prefix,
        context: { scope },
      });
      for (const cookie of scope.cookies) void reply.header('set-cookie', cookie);
      void reply.headers(scope.limitHeaders());
      if (scope.allowedOrigin !== undefined) void reply.headers(readableBy(scope.allowedOrigin));
      if (routes.draining()) void reply.header('connection', 'close');
      if (result.matched) return sendStandard(reply, result.response, { problems });
      return reply.callNotFound();
    };
  };
  const byPath = Map.groupBy(procedures, ({ url }) => toFastifyPath(url));
  for (const [path, group] of byPath) {
    for (const { method, meta, streams } of group) {
      app.route({
        method,
        url: `/api${path}`,
        ...limitOf(meta),
        ...(ofTenant(meta) ? { config: { crossOrigin: true } } : {}),
        handler: answer(routes.api, '/api', { streams }),
      });
    }
    const tenants = group.filter(({ meta }) => ofTenant(meta)).map(({ method }) => method);
    refuseOtherMethods(app, {
      url: `/api${path}`,
      allowed: group.map(({ method }) => method),
      answer: (request, reply) => routes.preflight(request, reply, tenants),
    });
  }
  for (const { path, meta, streams } of procedures) {
    const url = `/rpc/${path.join('/')}`;
    app.route({ method: 'POST', url, ...limitOf(meta), handler: answer(routes.rpc, '/rpc', { streams }) });
    refuseOtherMethods(app, { url, allowed: ['POST'] });
  }
  app.route({ method: 'POST', url: batchPath, handler: answer(routes.rpc, '/rpc', { streams: true }) });
  refuseOtherMethods(app, { url: batchPath, allowed: ['POST'] });
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Acts in a tenant: only such a procedure may be called by another site's page, for only a tenant can allow it. */
function ofTenant({ permission }: MountedProcedure['meta']): boolean {
  return permission !== 'public' && permission !== 'signed-in';
}

/** @param answer may answer instead, as for a preflight */
function refuseOtherMethods(
  app: FastifyInstance,
  { url, allowed, answer }: { url: string; allowed: readonly string[]; answer?: Answer },
): void {
  const allow = allowed.join(', ');
  app.route({
    method: methods.filter((method) => !allowed.includes(method)),
    url,
    handler: async (request, reply) =>
      (await answer?.(request, reply)) ??
      sendRefusal(reply, {
        status: 405,
        code: 'method_not_allowed',
        message: 'This address does not answer that method.',
        allow,
      }),
  });
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

function limitOf({ bodyLimit }: { bodyLimit?: number }): { bodyLimit?: number } {
  return bodyLimit === undefined ? {} : { bodyLimit };
}

/** `/invoices/{id}` -> `/invoices/:id`. Other notations are not used in contracts. */
function toFastifyPath(path: string): string {
  return path.replaceAll(/\{([A-Za-z0-9_]+)\}/g, ':$1');
}

/** What calls itself by the number of a payment card is kept nameless (EDG-9): sessions and audit entries keep this. */
function keptUserAgent(userAgent: string | undefined): string | undefined {
  return userAgent !== undefined && holdsCardNumber(userAgent) ? undefined : userAgent;
}

/** A request as procedures see it. */
export function createScope(request: FastifyRequest, authenticate: Authenticate): RequestScope {
  const { headers } = request;
  return new RequestScope({
    id: request.id,
    ip: normaliseAddress(request.ip),
    userAgent: keptUserAgent(headers['user-agent']),
    placement: {
      tenant: single(headers['bulkhead-tenant']),
      company: single(headers['bulkhead-company']),
    },
    token: readSessionCookie(headers.cookie),
    authorization: authorizationOf(request),
    deviceToken: readDeviceCookie(headers.cookie),
    cookieHeader: headers.cookie,
    origin: crossOriginOf(request),
    authenticate,
  });
}

/** Node keeps the first of two; joined, they are no credential, and refused. Which was meant cannot be told. */
function authorizationOf({ headers, raw }: FastifyRequest): string | undefined {
  return headers.authorization === undefined ? undefined : raw.headersDistinct['authorization']?.join(', ');
}

/** Node joins a header given twice with a comma, which no id contains; it is then refused as no UUID. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join() : value;
}

/**
 * @param reply given: the handler may watch for its client to go away, which costs each request
 *   more than anything but a stream can gain by it
 */
function toStandard(request: FastifyRequest, reply: FastifyReply | undefined): StandardLazyRequest {
  return {
    method: request.method,
    // The host is irrelevant here and must not come from a header.
    url: new URL(request.url, 'http://server.invalid'),
    headers: request.headers,
    body: () => Promise.resolve(request.body),
    signal: reply === undefined ? undefined : toAbortSignal(reply.raw),
  };
}
