import { randomUUID } from 'node:crypto';
import { readSession } from '@bulkhead/platform/identity';
import { stepUpWays } from '@bulkhead/platform/identity/factor';
import type { FactorDependencies } from '@bulkhead/platform/identity/factor';
import type { SigningKeys as ServiceKeys } from '@bulkhead/platform/identity/token';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';
import { readSessionCookie } from '../http/cookie.ts';
import { describeError } from '../http/log.ts';
import type { Parts } from '../parts.ts';
import { providerPath } from './host.ts';
import type { SigningJwk, SigningKeys } from './keys.ts';
import { logoutDuty, providerUpkeepDuty } from './logoutDuty.ts';
import { mountProvider } from './mount.ts';
import { postLogout } from './post.ts';

type ProviderParts = Pick<Parts, 'config' | 'cipher' | 'token' | 'log' | 'clock'>;

/** The identity provider of this server, over its own sessions. */
export function mountIdentityProvider(
  app: FastifyInstance,
  parts: ProviderParts,
  factors: FactorDependencies,
): void {
  const { encryption } = parts.config;
  mountProvider(app, {
    identity: factors,
    cipher: parts.cipher,
    masterKeys: [encryption.key, ...(encryption.previousKey === undefined ? [] : [encryption.previousKey])],
    signingKeys: providerKeys(parts.token.signingKeys),
    origin: parts.token.issuer,
    onFault: (error) => parts.log.error({ event: 'fault', part: 'provider', error: describeError(error) }),
    stepUpWays: (session) => stepUpWays(factors, session),
    readSession: async (request) => {
      const token = readSessionCookie(request.headers.cookie);
      return token === undefined ? null : readSession(factors, token, { fresh: true });
    },
  });
}

/** Telling applications that a session ended, and tidying up. */
export function providerDuties(parts: ProviderParts & { worker: Pool }): Duty[] {
  const { worker, clock, token, config } = parts;
  return [
    logoutDuty({
      worker,
      clock,
      signingKeys: providerKeys(token.signingKeys),
      issuer: () => `${token.issuer()}${providerPath}`,
      // The table keeps plain http to this machine, which must be opened here as well.
      post: postLogout({ http: true, privateTargets: config.provider.logoutTargets }),
      randomId: randomUUID,
    }),
    providerUpkeepDuty({ worker, clock }),
  ];
}

/** The service's own keys, as the provider wants them. */
export function providerKeys(keys: Pick<ServiceKeys, 'read' | 'publish'>): SigningKeys {
  return async () => {
    const [{ current, byId }, { keys: published }] = await Promise.all([keys.read(), keys.publish()]);
    const alg = byId.get(current.kid)?.jwk.alg;
    if (alg === undefined) throw new Error('the current signing key is not published');
    return {
      current: { ...current.privateJwk, kid: current.kid, alg },
      published: published as SigningJwk[],
    };
  };
}
