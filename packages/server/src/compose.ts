import { hkdfSync } from 'node:crypto';
import { identityDependencies, mailNotices } from '@bulkhead/platform/identity';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { assertFreshProof, secondFactorRule } from '@bulkhead/platform/identity/factor';
import type { FactorDependencies } from '@bulkhead/platform/identity/factor';
import type { TokenDependencies } from '@bulkhead/platform/identity/token';
import { singleSignOnRule } from '@bulkhead/platform/identity/single-sign-on';
import type { AnyRouter } from '@orpc/server';
import type { FastifyInstance } from 'fastify';
import { mergeAccess, mergeAnswers, permissionsIn } from './access.ts';
import { migrationLines } from './boot/lines.ts';
import { createReadiness } from './boot/readiness.ts';
import { crossOriginParts } from './crossOrigin/parts.ts';
import type { CrossOriginParts } from './crossOrigin/parts.ts';
import { createFactors } from './factor/dependencies.ts';
import { platformRouter } from './handlers/index.ts';
import { mailHandlerParts } from './mail/mailing.ts';
import { createApp } from './http/app.ts';
import { mountConsole } from './http/console.ts';
import { securityHeaders } from './http/headers.ts';
import { mountHealth } from './http/health.ts';
import { describeError } from './http/log.ts';
import { mountProcedures } from './http/procedures.ts';
import { mountGate } from './http/requests.ts';
import type { RequestGateOptions } from './http/requests.ts';
import { mountShedding } from './http/shedding.ts';
import { stripeApi } from './billing/parts.ts';
import { sendersOf } from './webhooks/in/parts.ts';
import { mountInbound } from './webhooks/in/routes.ts';
import { createInternalListener } from './internal/listener.ts';
import type { InternalListener } from './internal/listener.ts';
import { createCallLimits } from './limits/calls.ts';
import { countUsage } from './usage/calls.ts';
import type { ObservedCall } from './metrics/metrics.ts';
import { countRequests } from './metrics/routes.ts';
import { mountRouteLimits } from './limits/routes.ts';
import { isolationParts } from './isolation/parts.ts';
import { createDocument } from './openapi/document.ts';
import { mountDocument } from './openapi/routes.ts';
import type { Parts } from './parts.ts';
import { createBreachCheck } from './passwords/breachCheck.ts';
import { mountIdentityProvider } from './provider/index.ts';
import { batchGuardFor } from './rpc/batchRefusal.ts';
import type { BatchGuardPlugin } from './rpc/batchGuard.ts';
import { createApiHandler, createRpcHandler } from './rpc/dispatch.ts';
import type { DispatchContext, DispatchOptions } from './rpc/dispatch.ts';
import { ErrorTranslation } from './rpc/errors.ts';
import { createGuard } from './rpc/guard.ts';
import { listProcedures, mountRouter } from './rpc/procedures.ts';
import { samlParts } from './saml/parts.ts';
import { mountSaml } from './saml/routes.ts';
import { createProgramReader } from './session/apiKeys.ts';
import { createSingleSignOn } from './singleSignOn/parts.ts';
import type { SingleSignOnParts } from './singleSignOn/parts.ts';
import { mountOidc } from './singleSignOn/routes.ts';
import { createStayReader } from './session/operators.ts';
import { createRefusalLimit } from './session/refusals.ts';
import type { RefusalLimit } from './session/refusals.ts';
import { createAuthenticate } from './session/authenticate.ts';
import type { Authenticate } from './session/authenticate.ts';
import { mountViolationReports } from './violations/routes.ts';
import { accessTokenReader, createTokens } from './token/parts.ts';
import { mountKeySet } from './token/routes.ts';
import { mountAuditKeys } from './ledger/routes.ts';
import { eventCatalogue } from './webhooks/out/catalogue.ts';
import { webhookSendingParts } from './webhooks/out/parts.ts';
import type { MountedProcedure } from './rpc/procedures.ts';

/** What changes while it runs. */
export type ServerState = {
  draining: boolean;
  /** Origins that are the server's own; empty until it listens. */
  origins: ReadonlySet<string>;
};

export type Composition = {
  app: FastifyInstance;
  batchGuard: BatchGuardPlugin<DispatchContext>;
  /** For the house's own services; listens where it is configured to. */
  internal: InternalListener;
  /** Everything the server answers under `/api` and `/rpc`. */
  procedures: readonly MountedProcedure[];
  /** Finishes what cannot be done without waiting; once, before listening. */
  prepare: () => Promise<void>;
};

/**
 * Wires the platform and the modules into an HTTP application.
 *
 * @throws {ContractError} when a procedure lacks a permission or contradicts another
 */
export function compose(parts: Parts, state: ServerState): Composition {
  const { config } = parts;
  const identity = createIdentity(parts);
  const { stepUpWithin } = config.session;
  const factors = createFactors(identity, { origins: () => state.origins, stepUpWithin });
  const tokens = createTokens(parts, identity);
  const singleSignOn = createSingleSignOn(factors, {
    ...parts.singleSignOn,
    config,
    origin: parts.token.issuer,
  });
  const refusals = createRefusalLimit(parts);
  const crossOrigin = crossOriginParts(parts);
  const made = createDispatch(parts, { factors, tokens, singleSignOn, refusals, crossOrigin });
  const { dispatch, procedures, batchGuard } = made;
  const draining = () => state.draining;
  const app = createPublicApp(parts, { draining, origins: () => state.origins });
  const readiness = readinessOf(parts, draining);
  mountHealth(app, readiness);
  const authenticateUnlimited = createAuthenticate(identity, [accessTokenReader(tokens)]);
  const authenticate = refusals.authenticate(authenticateUnlimited);
  mountOwnRoutes(app, parts, { factors, singleSignOn, authenticate });
  const internal = createInternalListener({
    ...parts,
    readiness,
    authenticate: authenticateUnlimited,
    access: mergeAccess(parts.modules),
    limitStore: () => parts.limits?.store(),
  });
  mountProcedures(app, {
    procedures,
    api: createApiHandler(dispatch),
    rpc: createRpcHandler(dispatch, {
      plugins: [batchGuard],
      maxMembers: config.http.maxBatch,
    }),
    authenticate,
    preflight: crossOrigin.preflight,
    draining,
  });
  mountConsole(app, config.http.console);
  const prepare = async () => {
    const version = '0.1.0';
    const events = eventCatalogue(parts.modules);
    mountDocument(app, await createDocument(dispatch.router, { procedures, version, events }));
    await app.ready();
  };
  return { app, batchGuard, internal, procedures, prepare };
}

/** The public listener's application, with what every request passes. */
function createPublicApp(
  { config, log, limits, metrics }: Parts,
  gate: Pick<RequestGateOptions, 'draining' | 'origins'>,
): FastifyInstance {
  const https = config.http.publicUrl?.startsWith('https:') === true;
  const headers = securityHeaders({ https });
  const app = createApp(config.http, { log, headers });
  mountGate(app, { log, headers, ...gate });
  if (metrics !== undefined) countRequests(app, metrics);
  if (limits !== undefined) mountRouteLimits(app, limits);
  mountShedding(app, config.http.shedAfter);
  return app;
}

/** What is no procedure: keys, reports, the identity provider, single sign-on, webhooks that others send. */
function mountOwnRoutes(
  app: FastifyInstance,
  parts: Parts,
  {
    factors,
    singleSignOn,
    authenticate,
  }: Pick<DispatchParts, 'factors' | 'singleSignOn'> & { authenticate: Authenticate },
): void {
  const { config, log } = parts;
  mountKeySet(app, parts.token.signingKeys);
  mountAuditKeys(app, config);
  mountViolationReports(app, { log, clock: parts.clock, limits: parts.limits });
  mountIdentityProvider(app, parts, factors);
  mountOidc(app, { parts: singleSignOn, authenticate, log });
  mountSaml(app, { identity: factors, origin: parts.token.issuer });
  mountInbound(app, { senders: sendersOf(parts), ...config.inbound, log });
}

/** What the identity slice works with on this server. */
export function createIdentity(parts: Parts): IdentityDependencies {
  const { pools, cipher, clock, mailer, token, identity } = parts;
  return identityDependencies({
    pool: pools.identity,
    sealer: pools.sealer,
    cipher,
    clock,
    background: token.background,
    breachedPasswords: createBreachCheck(parts),
    signInRules: [singleSignOnRule, secondFactorRule],
    ...(mailer === undefined ? {} : { notices: mailNotices(mailer) }),
    ...identity,
  });
}

type DispatchParts = {
  factors: FactorDependencies;
  tokens: TokenDependencies;
  singleSignOn: SingleSignOnParts;
  crossOrigin: CrossOriginParts;
  refusals: RefusalLimit;
};

function createDispatch(
  parts: Parts,
  { factors, tokens, singleSignOn, refusals, crossOrigin }: DispatchParts,
): {
  dispatch: DispatchOptions;
  procedures: MountedProcedure[];
  batchGuard: BatchGuardPlugin<DispatchContext>;
} {
  const { config, log, modules, pools } = parts;
  const access = mergeAccess(modules);
  const router = createRouter(parts, { factors, tokens, singleSignOn });
  const procedures = listProcedures(router, {
    permissions: permissionsIn(access),
    modules: new Set(modules.map(({ name }) => name)),
  });
  const errors = new ErrorTranslation({
    answers: mergeAnswers(modules),
    report: (error, { id }) => log.error({ event: 'fault', requestId: id, error: describeError(error) }),
  });
  const callers = {
    db: pools.tenants,
    readProgram: refusals.readProgram(createProgramReader(factors, access)),
    readStay: createStayReader(factors),
  };
  const batchGuard = batchGuardFor({
    ...callers,
    maxMembers: config.http.maxBatch,
    onFault: (error) => log.error({ event: 'audit_failed', error: describeError(error) }),
  });
  const guard = createGuard({
    ...callers,
    access,
    assertOrigin: crossOrigin.assertOrigin,
    assertFreshProof: (session) => assertFreshProof(factors, session),
  });
  const limits = countUsage(parts.usage, parts.limits && createCallLimits(parts.limits));
  const observe = parts.metrics && ((call: ObservedCall) => parts.metrics?.call(call));
  return { dispatch: { router, guard, errors, limits, observe }, procedures, batchGuard };
}

/** Every procedure, of the platform and of the modules. */
function createRouter(
  parts: Parts,
  { factors, tokens, singleSignOn }: Pick<DispatchParts, 'factors' | 'tokens' | 'singleSignOn'>,
): AnyRouter {
  const { config, modules, pools } = parts;
  return mountRouter(
    platformRouter({
      identity: factors,
      factors,
      tokens,
      access: mergeAccess(modules),
      db: pools.tenants,
      cursorKey: deriveCursorKey(config.context.key),
      isolation: isolationParts(parts),
      usage: parts,
      secrets: parts.secrets,
      saml: samlParts(parts),
      webhookSending: webhookSendingParts(parts),
      singleSignOn,
      billing: { stripe: stripeApi(config), origin: parts.token.issuer },
      ...mailHandlerParts(parts),
    }),
    modules,
  );
}

function readinessOf({ pools, modules, clock, log }: Parts, draining: () => boolean) {
  return createReadiness({
    app: pools.inspection,
    identity: pools.identity,
    lines: migrationLines(modules),
    draining,
    clock,
    onFault: (error) => log.warn({ event: 'not_ready', error: describeError(error) }),
  });
}

/** Its own key for its own purpose, from the one secret every server of an installation shares. */
function deriveCursorKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'bulkhead audit cursor', 32));
}
