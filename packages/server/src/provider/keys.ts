import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';

/** A signing key as a JSON Web Key (RFC 7517), named by `kid`, good for `alg` alone. */
export type SigningJwk = JsonWebKey & { kid: string; alg: string };

/**
 * The service's signing keys as they are now: the one that signs, private, and the public ones published beside it,
 * because tokens they signed still live or because they come next.
 */
export type SigningKeys = () => Promise<{ current: SigningJwk; published: readonly SigningJwk[] }>;

/** A key that verifies and never signs: its private part is elsewhere, or destroyed. */
class PublishedKey extends ExternalSigningKey {
  readonly #key: KeyObject;

  constructor(jwk: SigningJwk) {
    super();
    this.#key = createPublicKey({ key: jwk, format: 'jwk' });
    // The library declares accessors; these are its setters.
    Object.assign(this, { kid: jwk.kid, alg: jwk.alg });
  }

  override keyObject(): KeyObject {
    return this.#key;
  }
}

/** The library's key set: the signing key first, which is the one it signs with. */
export function keySetOf({ current, published }: Awaited<ReturnType<SigningKeys>>): unknown[] {
  const others = published.filter(({ kid }) => kid !== current.kid);
  return [{ ...current, use: 'sig' }, ...others.map((jwk) => new PublishedKey(jwk))];
}
