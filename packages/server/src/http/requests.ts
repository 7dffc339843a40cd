import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from './log.ts';
import type { Refusal } from '../problem/problem.ts';
import { toParserRefusal } from '../problem/transport.ts';
import type { RequestScope } from '../rpc/scope.ts';
import { readSessionCookie } from './cookie.ts';
import { crossesOrigins } from '../crossOrigin/request.ts';
import { refuseForgery } from './csrf.ts';
import { refusalCodeOf, sendRefusal } from './reply.ts';
import { refuseUrlText } from './text.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A form that another site's page posts: the route reads no cookie and does nothing in anybody's name. */
    takesOtherSites?: true;
  }
}

export type RequestGateOptions = {
  log: Log;
  /** Origins that are this server's own; asked for each request, for the port may come late. */
  origins: () => ReadonlySet<string>;
  headers: Readonly<Record<string, string>>;
  draining: () => boolean;
};

/** Scope of the procedure a request ran, for its log line. */
const scopes = new WeakMap<FastifyRequest, RequestScope>();

/** Lets the log line tell what became of a request's procedure. */
export function rememberScope(request: FastifyRequest, scope: RequestScope): void {
  scopes.set(request, scope);
}

/** What every request passes before its route, and every answer on its way out. */
export function mountGate(app: FastifyInstance, options: RequestGateOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(options.headers).header('x-request-id', request.id);
    const leavesNow = options.draining();
    if (leavesNow) void reply.header('connection', 'close');
    const refusal = leavesNow ? leaving(request) : judge(request, options);
    if (refusal === undefined) done();
    else void sendRefusal(reply, refusal);
  });
  app.addHook('onResponse', (request, reply, done) => {
    writeLine(options.log, request, reply);
    done();
  });
}

/** During shutdown, only the two health addresses still answer in their own way. */
function leaving({ url }: FastifyRequest): Refusal | undefined {
  if (url === '/healthz' || url === '/readyz') return undefined;
  return {
    status: 503,
    code: 'shutting_down',
    message: 'The server is shutting down. Try again.',
    retryAfter: 2,
  };
}

function judge(request: FastifyRequest, { origins }: RequestGateOptions) {
  const { headers, method } = request;
  if (!isOneRequest(request.raw)) return toParserRefusal(undefined);
  const isExempt = request.routeOptions.config.takesOtherSites === true;
  if (method === 'POST' && isExempt) return refuseUrlText(request.url);
  const own = origins();
  // Whether that site may is decided when the tenant is known; no browser adds a bearer credential by itself.
  if (crossesOrigins(request, own)) return refuseUrlText(request.url);
  const fetchSite = headers['sec-fetch-site'];
  return (
    refuseUrlText(request.url) ??
    refuseForgery(
      {
        method,
        fetchSite: Array.isArray(fetchSite) ? fetchSite.join() : fetchSite,
        origin: headers.origin,
        hasCookie: () => readSessionCookie(headers.cookie) !== undefined,
      },
      own,
    )
  );
}

/** Says once whom it is for (RFC 9112 section 3.2), in a version that can: what is said twice, two servers may read differently. */
function isOneRequest({ httpVersion, rawHeaders }: FastifyRequest['raw']): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return httpVersion === '1.1' ? hosts === 1 : httpVersion === '1.0' && hosts < 2;
}

function writeLine(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const outcome = scopes.get(request)?.outcome;
  const code = outcome?.code ?? refusalCodeOf(reply);
  log.request({
    event: 'request',
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? 'none',
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    ...outcome,
    ...(code === undefined ? {} : { code }),
  });
}
