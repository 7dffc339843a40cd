import { isIP } from 'node:net';
import { PlatformError } from '@bulkhead/platform/errors';
import type { FactorDependencies, RelyingParty } from '@bulkhead/platform/identity/factor';
import type { IdentityDependencies } from '@bulkhead/platform/identity';

/** The factor slice of a server. */
export function createFactors(
  identity: IdentityDependencies,
  { origins, stepUpWithin }: { origins: () => ReadonlySet<string>; stepUpWithin: number },
): FactorDependencies {
  return {
    ...identity,
    relyingParty: () => relyingPartyOf(origins()),
    serviceName: 'Bulkhead',
    stepUpWithin,
  };
}

/**
 * Who the server is to an authenticator: the domain of its public address, whatever a request says. On this machine
 * that is `localhost`, the only one of its names that a browser takes for a domain.
 *
 * @param origins the server's own; several only on this machine
 * @throws PlatformError passkey_unavailable
 */
export function relyingPartyOf(origins: ReadonlySet<string>): RelyingParty {
  const urls = Array.from(origins, (origin) => new URL(origin));
  const url = urls.find(({ hostname }) => hostname === 'localhost') ?? urls[0];
  const isAddress = url === undefined || isIP(url.hostname.replaceAll(/[[\]]/g, '')) !== 0;
  if (isAddress) throw new PlatformError('passkey_unavailable');
  return { id: url.hostname, origin: url.origin };
}
