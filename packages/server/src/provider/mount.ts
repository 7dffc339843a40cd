import type { IncomingMessage } from 'node:http';
import type { Session } from '@bulkhead/platform/identity';
import { decodeJwt, decodeProtectedHeader, errors } from 'jose';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { sendRefusal } from '../http/reply.ts';
import { ProviderHost, providerPath, type ProviderHostOptions } from './host.ts';
import { takeStep, type InteractionRequest, type NextStep } from './interaction.ts';
import { errorPage, pageAssets, pageStyle, submitScript } from './pages.ts';
import { providerRoutes } from './provider.ts';

export type ProviderMountOptions = ProviderHostOptions & {
  /** The console's session that a request carries. */
  readSession: (request: FastifyRequest) => Promise<Session | null>;
  /** How a session may be proved anew. */
  stepUpWays: InteractionRequest['stepUpWays'];
};

/** Console page that leads a person through what an application asks of them. */
const stepPage = '/application-sign-in';

/**
 * Where other origins may post: servers and public clients call these, they read no cookie, and the caller proves
 * itself in the request. Everything else is a `GET` from a browser, or a form of our own pages.
 */
const calledFromElsewhere = [
  providerRoutes.token,
  providerRoutes.userinfo,
  providerRoutes.revocation,
  providerRoutes.introspection,
] as const;

/** Mounts the identity provider at `/oidc`. */
export function mountProvider(app: FastifyInstance, options: ProviderMountOptions): ProviderHost {
  const host = new ProviderHost(options);
  mountPages(app);
  mountSteps(app, { host, ...options });
  void app.register((scope, _options, done) => {
    // Bodies are left unread for the library, which reads forms up to 56 KiB.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    const handler = (request: FastifyRequest, reply: FastifyReply) => serve(host, request, reply);
    for (const path of calledFromElsewhere) {
      scope.post(`${providerPath}${path}`, { config: { takesOtherSites: true }, handler });
    }
    scope.route({ method: ['GET', 'POST', 'OPTIONS'], url: `${providerPath}/*`, handler });
    // RFC 8414 puts the well-known part before the issuer's path.
    scope.get(`/.well-known/oauth-authorization-server${providerPath}`, handler);
    done();
  });
  return host;
}

function mountPages(app: FastifyInstance): void {
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=3600').send(text),
    );
  asset(pageAssets.style, 'text/css; charset=utf-8', pageStyle);
  asset(pageAssets.submit, 'text/javascript; charset=utf-8', submitScript);
}

const choice = z.strictObject({ tenant: z.uuid().optional() });

function mountSteps(
  app: FastifyInstance,
  { host, readSession, stepUpWays }: { host: ProviderHost } & ProviderMountOptions,
): void {
  const step = async (request: FastifyRequest, reply: FastifyReply, tenant?: string): Promise<NextStep> => {
    const { uid } = request.params as { uid: string };
    // Read before the library's cookies take the place of the browser's.
    const session = await readSession(request);
    const exchange = withIssuersHost(host, request.raw);
    return takeStep(host, { uid, request: exchange, response: reply.raw, session, tenant, stepUpWays });
  };
  // The way there: straight on when nothing is missing, else to the console.
  app.get(`${providerPath}/interaction/:uid`, async (request, reply) => {
    const taken = await step(request, reply);
    if (taken.next === 'continue') return reply.redirect(taken.location, 303);
    if (taken.next === 'expired') {
      const text = 'This sign-in has run out, or was begun in another browser.';
      return reply
        .code(400)
        .type('text/html; charset=utf-8')
        .send(errorPage({ error: 'expired', description: text }));
    }
    const { uid } = request.params as { uid: string };
    return reply.redirect(`${stepPage}?interaction=${encodeURIComponent(uid)}`, 303);
  });
  app.post(`${providerPath}/interaction/:uid`, async (request, reply) => {
    const given = choice.safeParse(request.body);
    if (!given.success) {
      return sendRefusal(reply, { status: 400, code: 'invalid_input', message: 'The input is not valid.' });
    }
    return reply.send(await step(request, reply, given.data.tenant));
  });
}

/** Hands the request to the library, which answers it by itself. */
async function serve(host: ProviderHost, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { raw } = request;
  const path = await withKnownHint(host, pathBelow(request.url));
  withIssuersHost(host, raw);
  const [bare = ''] = path.split('?');
  if (readsCookies.has(bare) || bare.startsWith(`${providerRoutes.authorization}/`)) {
    host.cookies.open(raw, bare);
  } else {
    delete raw.headers.cookie;
  }
  (raw as { originalUrl?: string }).originalUrl = `${providerPath}${path}`;
  raw.url = path;
  void reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  host.cookies.sealOnSend(reply.raw);
  await host.answer(raw, reply.raw);
}

const readsCookies: ReadonlySet<string> = new Set([
  providerRoutes.authorization,
  providerRoutes.end_session,
  `${providerRoutes.end_session}/confirm`,
]);

function pathBelow(url: string): string {
  return url.startsWith(`${providerPath}/`)
    ? url.slice(providerPath.length)
    : '/.well-known/oauth-authorization-server';
}

/** Addresses in answers come from the configuration, never from a request's headers (T-37). */
function withIssuersHost(host: ProviderHost, raw: IncomingMessage): IncomingMessage {
  const { host: name, protocol } = new URL(host.issuer);
  raw.headers.host = name;
  raw.headers['x-forwarded-proto'] = protocol.slice(0, -1);
  delete raw.headers['x-forwarded-host'];
  delete raw.headers['x-forwarded-for'];
  return raw;
}

/**
 * An ID token outlives the key that signed it. Shown at log-out when its key is no longer published, it proves nothing:
 * it only says which application asks, and the person is asked.
 */
async function withKnownHint(host: ProviderHost, path: string): Promise<string> {
  const url = new URL(path, host.issuer);
  const hint = url.searchParams.get('id_token_hint');
  if (url.pathname !== providerRoutes.end_session || hint === null) return path;
  try {
    const { kid } = decodeProtectedHeader(hint);
    const { aud } = decodeJwt(hint);
    if (typeof aud !== 'string' || (await host.knowsKey(kid))) return path;
    url.searchParams.delete('id_token_hint');
    url.searchParams.set('client_id', aud);
    return `${url.pathname}${url.search}`;
  } catch (error) {
    // Not a JWT: the library says so.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return path;
    throw error;
  }
}
