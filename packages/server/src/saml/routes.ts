import { randomBytes } from 'node:crypto';
import { PlatformError } from '@bulkhead/platform/errors';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import {
  beginSaml,
  finishSaml,
  keepSamlAnswer,
  SamlFailure,
  samlKey,
  serviceAddresses,
  serviceMetadata,
} from '@bulkhead/platform/identity/saml';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { statusOfKind } from '../contract/errors.ts';
import { allowScripts } from '../http/policy.ts';
import { createScope } from '../http/procedures.ts';
import { rememberScope } from '../http/requests.ts';
import { RefusalError } from '../problem/refusal.ts';
import type { RequestScope } from '../rpc/scope.ts';
import { deviceOf, endPrevious, setSessionCookies } from '../session/begin.ts';
import { endedFlowCookie, flowCookie, readFlowCookie } from '../singleSignOn/flowCookie.ts';
import { addressAfter } from '../singleSignOn/routes.ts';
import { formLimit, readForm } from './form.ts';
import { onwardPage, refusalPage, requestPage, submitScript, submitScriptPath } from './pages.ts';

export type SamlRouteOptions = {
  identity: IdentityDependencies;
  /** The origin people use; known once the server listens. */
  origin: () => string;
};

type Answer = (scope: RequestScope, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/**
 * SAML's own addresses: a sign-in's three steps, and the metadata of a connection. They are pages and forms, not
 * procedures, because the identity provider and the browser decide their shape.
 */
export function mountSaml(app: FastifyInstance, options: SamlRouteOptions): void {
  const answering = (answer: Answer) => async (request: FastifyRequest, reply: FastifyReply) => {
    const scope = createScope(request, nobody);
    rememberScope(request, scope);
    try {
      return await answer(scope, request, reply);
    } catch (error) {
      return refuse(scope, reply, error);
    }
  };
  app.get('/sign-in/saml/:connection/start', answering(start(options)));
  app.get('/sign-in/saml/:connection/finish', answering(finish(options)));
  app.get('/sign-in/saml/:connection/metadata', answering(metadata(options)));
  app.get(submitScriptPath, (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .send(submitScript),
  );
  void app.register((scope, _options, done) => {
    // A form, and nothing else; the rest of the server takes JSON alone.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: formLimit },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.post(
      '/sign-in/saml/:connection/acs',
      { bodyLimit: formLimit, config: { takesOtherSites: true } },
      answering(takeAnswer(options)),
    );
    done();
  });
}

/** Nothing here is done in the name of who is signed in already. */
const nobody = () => Promise.resolve(null);

const start =
  ({ identity, origin }: SamlRouteOptions): Answer =>
  async (_scope, request, reply) => {
    const { return: returnPath } = request.query as { return?: unknown };
    const { request: signOn, cookie } = await beginSaml(identity, {
      connectionId: connectionOf(request),
      origin: origin(),
      returnPath: typeof returnPath === 'string' ? returnPath : '/',
    });
    void reply.header('set-cookie', flowCookie(cookie));
    if (signOn.binding === 'redirect') return reply.redirect(signOn.url, 303);
    const nonce = randomBytes(16).toString('base64');
    allowForm(reply, new URL(signOn.url).origin);
    return html(allowScripts(reply, nonce), requestPage(signOn.url, { fields: signOn.fields, nonce }));
  };

/** The one page whose form leaves this origin. Providers redirect posts to other hosts of theirs. */
function allowForm(reply: FastifyReply, origin: string): void {
  const policy = String(reply.getHeader('content-security-policy'));
  // On this machine a provider may have no TLS, and an upgraded address would lead nowhere.
  void reply.header(
    'content-security-policy',
    policy
      .replace("form-action 'self'", `form-action https: ${origin}`)
      .replace('; upgrade-insecure-requests', ''),
  );
}

const takeAnswer =
  ({ identity }: SamlRouteOptions): Answer =>
  async (_scope, request, reply) => {
    const form = readForm(request.body as Buffer);
    const message = form.get('SAMLResponse');
    const state = form.get('RelayState');
    if (message === undefined || state === undefined) throw new SamlFailure('unsolicited');
    await keepSamlAnswer(identity, { state, message });
    const query = new URLSearchParams({ state });
    return html(reply, onwardPage(`/sign-in/saml/${connectionOf(request)}/finish?${query}`));
  };

const finish =
  ({ identity, origin }: SamlRouteOptions): Answer =>
  async (scope, request, reply) => {
    const { state } = request.query as { state?: unknown };
    void reply.header('set-cookie', endedFlowCookie);
    const { outcome, returnPath } = await finishSaml(identity, {
      connectionId: connectionOf(request),
      origin: origin(),
      state: typeof state === 'string' ? state : '',
      cookie: readFlowCookie(request.headers.cookie),
      device: deviceOf(scope),
    });
    if (outcome.kind === 'factor_required') return reply.redirect(addressAfter(outcome, returnPath), 303);
    await endPrevious(identity, scope);
    setSessionCookies(identity, scope, outcome.session);
    return reply.header('set-cookie', scope.cookies).redirect(returnPath, 303);
  };

const metadata =
  ({ identity, origin }: SamlRouteOptions): Answer =>
  async (_scope, request, reply) => {
    const addresses = serviceAddresses(origin(), connectionOf(request));
    const { certificate, privateKey } = await samlKey(identity);
    return reply
      .type('application/samlmetadata+xml')
      .send(serviceMetadata({ ...addresses, certificates: [certificate], privateKey }));
  };

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function connectionOf(request: FastifyRequest): string {
  const { connection } = request.params as { connection: string };
  if (!uuid.test(connection)) throw new SamlFailure('connection_unusable');
  return connection;
}

const plainAnswer =
  'The sign-in at your organisation’s identity provider did not work here. Start again from the sign-in page.';

/** One plain page, whatever was wrong with the message; the log line carries the code. */
function refuse(scope: RequestScope, reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof SamlFailure) {
    scope.outcome.code = `saml_${error.code}`;
    return html(reply.code(403), refusalPage({ message: plainAnswer, requestId: scope.id }));
  }
  if (error instanceof PlatformError) {
    scope.outcome.code = error.code;
    return html(
      reply.code(statusOfKind[error.kind]),
      refusalPage({ message: error.message, requestId: scope.id }),
    );
  }
  if (error instanceof RefusalError) scope.outcome.code = error.refusal.code;
  throw error;
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}
