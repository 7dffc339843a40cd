import { hash as digest } from 'node:crypto';
import type { RandomBytes } from '../random.ts';

export type SecretToken = {
  /** 256 random bits, base64url, 43 characters: given to the holder and stored nowhere. */
  token: string;
  /** SHA-256 of those bits: what is stored. A fast hash suffices for a secret that cannot be guessed. */
  hash: Buffer;
};

export function createSecretToken(randomBytes: RandomBytes): SecretToken {
  const secret = randomBytes(32);
  return { token: Buffer.from(secret).toString('base64url'), hash: sha256(secret) };
}

/** The hash of a presented token, or null when it is not one in its canonical form: nothing to look up. */
export function hashSecretToken(token: string): Buffer | null {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const secret = Buffer.from(token, 'base64url');
  // The last of 43 characters carries two unused bits; only one spelling of a token is the token (T-41).
  return secret.toString('base64url') === token ? sha256(secret) : null;
}

function sha256(bytes: Uint8Array): Buffer {
  return digest('sha256', bytes, 'buffer');
}
