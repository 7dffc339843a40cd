import { hash as digest, timingSafeEqual } from 'node:crypto';
import type { RandomBytes } from '../../random.ts';
import { createSecretToken, hashSecretToken } from '../secretToken.ts';

/** A secret that a browser keeps in a cookie while a link is on its way to it. */
export type BrowserBinding = {
  /** For the cookie. */
  secret: string;
  hash: Buffer;
};

export function bindBrowser(randomBytes: RandomBytes): BrowserBinding {
  const { token: secret, hash } = createSecretToken(randomBytes);
  return { secret, hash };
}

/** Whether a browser's secret is the one that was bound; a missing or malformed one is not. */
export function isBoundBrowser(secret: string | undefined, bound: Uint8Array): boolean {
  // Compared with something in every case, so that the time tells nothing.
  const hash = hashSecretToken(secret ?? '') ?? digest('sha256', '', 'buffer');
  return timingSafeEqual(hash, bound);
}
