import {
  AccessTokens,
  refreshDefaults,
  SigningKeys,
  startFamily,
  type AccessTokensOptions,
  type SigningKeysOptions,
  type TokenDependencies,
  type TokenPair,
} from '../src/identity/token/index.ts';
import type { IdentityDependencies } from '../src/identity/index.ts';
import { signedIn } from './fixture.ts';

export const issuer = 'https://app.example.org';

/** Signing keys and tokens on a fixture's database, as one server process has them. */
export function tokensOf(
  identity: IdentityDependencies,
  options: Partial<SigningKeysOptions> & Partial<AccessTokensOptions> = {},
): TokenDependencies & { keys: SigningKeys } {
  const { pool, cipher, sealer, clock, randomBytes } = identity;
  const keys = new SigningKeys({ pool, cipher, sealer, clock, ...options });
  const accessTokens = new AccessTokens({ keys, issuer: () => issuer, clock, randomBytes, ...options });
  return { identity, keys, accessTokens, ...refreshDefaults };
}

/** A sign-in with a password, as a program does it. */
export async function startedFamily(
  tokens: TokenDependencies,
  email: string,
): Promise<TokenPair & { sessionId: string }> {
  const session = await signedIn(tokens.identity, { email, device: { ip: '192.0.2.9', userAgent: 'app/1' } });
  return { ...(await startFamily(tokens, session)), sessionId: session.sessionId };
}
