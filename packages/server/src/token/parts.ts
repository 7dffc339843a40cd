import { Background } from '@bulkhead/platform/background';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import {
  AccessTokens,
  readAccessToken,
  refreshDefaults,
  SigningKeys,
} from '@bulkhead/platform/identity/token';
import type { TokenDependencies } from '@bulkhead/platform/identity/token';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Pools } from '../boot/pools.ts';
import type { Config } from '../config/schema.ts';
import type { Duty } from '../duties/duty.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';
import type { BearerReader } from '../session/authenticate.ts';

/** What a server has once for its tokens. */
export type TokenParts = {
  signingKeys: SigningKeys;
  /** What answers do not wait for; settled before the pools close. */
  background: Background;
  /** The issuer: the origin people use, from the configuration and never from a request (T-40). */
  issuer: () => string;
};

type Sources = {
  config: Pick<Config, 'token'>;
  pools: Pick<Pools, 'identity' | 'sealer'>;
  cipher: FieldCipher;
  clock: () => number;
  log: Log;
  origin: () => string;
};

/** A retired key outlives its last token, and the half minute in which another server may still sign with it. */
const beyondLifetime = 5 * 60_000;

export function createTokenParts({ config, pools, cipher, clock, log, origin }: Sources): TokenParts {
  const { accessLifetime, keyRotation } = config.token;
  return {
    signingKeys: new SigningKeys({
      pool: pools.identity,
      sealer: pools.sealer,
      cipher,
      clock,
      rotateEvery: keyRotation,
      overlap: accessLifetime + beyondLifetime,
    }),
    background: new Background({
      onFault: (error) => log.error({ event: 'background_failed', error: describeError(error) }),
    }),
    issuer: origin,
  };
}

export function createTokens(
  { config, token }: { config: Pick<Config, 'token'>; token: TokenParts },
  identity: IdentityDependencies,
): TokenDependencies {
  const { accessLifetime: lifetime, refreshIdle } = config.token;
  const { clock, randomBytes } = identity;
  const { signingKeys: keys, issuer } = token;
  const accessTokens = new AccessTokens({ keys, issuer, clock, randomBytes, lifetime });
  return { ...refreshDefaults, identity, accessTokens, refreshIdle };
}

/** Reads access tokens: three segments, which no other form of token here has. */
export function accessTokenReader(tokens: TokenDependencies): BearerReader {
  return {
    recognises: (token) => token.split('.', 4).length === 3,
    read: (token, options) => readAccessToken(tokens, token, options),
  };
}

/** Rotates the signing key on schedule, whichever server notices first. */
export function keyRotationDuty({ signingKeys }: TokenParts): Duty {
  return { name: 'key.rotate', every: 3_600_000, run: async () => void (await signingKeys.rotateWhenDue()) };
}
