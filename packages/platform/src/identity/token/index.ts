/** Signed access tokens, families of refresh tokens, and the keys that sign. */
export { AccessTokens, type AccessClaims, type AccessTokensOptions } from './accessToken.ts';
export { readCanonicalToken, type TokenParts } from './canonicalForm.ts';
export { readAccessToken } from './readAccess.ts';
export {
  refresh,
  refreshDefaults,
  revoke,
  startFamily,
  type TokenDependencies,
  type TokenPair,
} from './refresh.ts';
export {
  KeyTooFreshError,
  listSigningKeys,
  SigningKeys,
  tokenAlgorithm,
  type KeySet,
  type PublishedKey,
  type SigningKeysOptions,
  type SigningKeyState,
} from './signingKeys.ts';
