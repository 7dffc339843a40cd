import { readFileSync } from 'node:fs';
import { resolveTxt as systemResolveTxt } from 'node:dns/promises';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { OidcClients } from '@bulkhead/platform/identity/single-sign-on';
import type { OidcDependencies, OidcProvider, ResolveTxt } from '@bulkhead/platform/identity/single-sign-on';
import type { OutboundOptions } from '@bulkhead/platform/outbound';
import type { Config } from '../config/schema.ts';

/** Parts an embedder may replace: how servers outside are reached, and where DNS records are looked up. */
export type SingleSignOnOptions = { outbound?: OutboundOptions; resolveTxt?: ResolveTxt };

export type SingleSignOnParts = OidcDependencies & { resolveTxt: ResolveTxt };

/**
 * What single sign-on works with on this server.
 *
 * @throws Error naming the file when a provider's secret cannot be read
 */
export function createSingleSignOn(
  identity: IdentityDependencies,
  options: SingleSignOnOptions & { config: Pick<Config, 'signIn'>; origin: () => string },
): SingleSignOnParts {
  const { config, origin, outbound = {}, resolveTxt = systemResolveTxt } = options;
  return {
    identity,
    clients: new OidcClients({ clock: identity.clock, outbound }),
    providers: config.signIn.providers.map(toProvider),
    origin,
    resolveTxt,
  };
}

function toProvider(provider: Config['signIn']['providers'][number]): OidcProvider {
  const { clientSecretFile, ...rest } = provider;
  return {
    ...rest,
    scopes: ['email', 'profile'],
    emailVerification: 'claim',
    secret: clientSecretFile === undefined ? null : readSecret(provider.name, clientSecretFile),
  };
}

function readSecret(name: string, path: string): string {
  const secret = readFileSync(path, 'utf8').trim();
  if (secret === '') throw new Error(`the client secret of ${name} in ${path} is empty`);
  return secret;
}
