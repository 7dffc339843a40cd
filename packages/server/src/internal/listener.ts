import type { AddressInfo } from 'node:net';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { ServiceSigner } from '@bulkhead/platform/service';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import { createApp } from '../http/app.ts';
import { securityHeaders } from '../http/headers.ts';
import type { Readiness } from '../http/health.ts';
import type { Log } from '../http/log.ts';
import { sendRefusal } from '../http/reply.ts';
import type { DependencyParts } from '../metrics/dependencies.ts';
import { Metrics } from '../metrics/metrics.ts';
import { mountMetrics } from '../metrics/routes.ts';
import { toIssues, toRefusal } from '../problem/refusal.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Authenticate } from '../session/authenticate.ts';
import { guardInternal } from './guard.ts';
import { createUserToken, userTokenRequest } from './userToken.ts';

export type InternalParts = DependencyParts & {
  metrics: Metrics;
  config: Pick<Config, 'http' | 'internal'>;
  log: Log;
  clock: () => number;
  readiness: Readiness;
  authenticate: Authenticate;
  access: readonly ModuleAccess[];
  secrets: Pick<Secrets, 'replaced' | 'states'>;
};

/** Name under which this service signs user tokens. */
export const serviceName = 'bulkhead';

/** The listener for the house's own services. */
export type InternalListener = {
  /** @returns where it listens; undefined when `internal.port` is not set */
  listen: () => Promise<{ host: string; port: number } | undefined>;
  close: () => Promise<void>;
};

/** Its own application on its own port: nothing of it can be reached from outside by a mistake in a route. */
export function createInternalListener(
  given: Omit<InternalParts, 'metrics'> & { metrics?: Metrics | undefined },
): InternalListener {
  const { port, host, secret, previousSecret } = given.config.internal;
  if (port === undefined || secret === undefined) {
    return { listen: () => Promise.resolve(undefined), close: () => Promise.resolve() };
  }
  const parts: InternalParts = { ...given, metrics: given.metrics ?? new Metrics({ clock: given.clock }) };
  const headers = securityHeaders({ https: false });
  const app = createApp(parts.config.http, { log: parts.log, headers });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  guardInternal(app, {
    secrets: () => {
      const current = parts.secrets.replaced('internal.secret') ?? secret;
      const previous = parts.secrets.replaced('internal.previousSecret') ?? previousSecret ?? '';
      return previous === '' ? [current] : [current, previous];
    },
    port: () => (app.server.address() as AddressInfo | null)?.port,
  });
  mountInternal(app, parts);
  return {
    listen: async () => {
      await app.listen({ host, port });
      const address = app.server.address() as AddressInfo;
      parts.log.info({ event: 'listening_internal', host: address.address, port: address.port });
      return { host: address.address, port: address.port };
    },
    close: () => app.close(),
  };
}

/** The routes, for whatever scope is guarded. */
export function mountInternal(scope: FastifyInstance, parts: InternalParts): void {
  scope.setNotFoundHandler((_request, reply) =>
    sendRefusal(reply, { status: 404, code: 'not_found', message: 'There is no such thing.' }),
  );
  mountMetrics(scope, parts);
  const { userKey, userKeyId } = parts.config.internal;
  if (userKey === undefined || userKeyId === undefined) return;
  const signer = new ServiceSigner({
    key: { id: userKeyId, secret: userKey, issuer: serviceName },
    clock: parts.clock,
  });
  scope.post('/internal/user-token', async (request, reply) => {
    const given = userTokenRequest.safeParse(request.body);
    if (!given.success) {
      return sendRefusal(reply, {
        status: 400,
        code: 'invalid_input',
        message: 'The input is not valid.',
        issues: toIssues(given.error.issues),
      });
    }
    try {
      return await createUserToken({ ...parts, signer }, given.data);
    } catch (error) {
      return sendRefusal(reply, toRefusal(error, new Map()));
    }
  });
}
