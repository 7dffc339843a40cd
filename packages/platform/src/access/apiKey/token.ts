import { crc32 } from 'node:zlib';
import { createSecretToken, hashSecretToken } from '../../identity/secretToken.ts';
import type { RandomBytes } from '../../random.ts';

/** What every API key begins with, so that a secret scanner knows one when it sees it. */
export const apiKeyPrefix = 'bhk_';

export type ApiKeyToken = {
  /** `bhk_`, 43 characters for 256 random bits, 8 hex digits of CRC-32: for the holder, and stored nowhere. */
  token: string;
  hash: Buffer;
  /** `bhk_` and four characters more: tells keys apart and gives nothing away that helps to guess one. */
  hint: string;
};

export function createApiKeyToken(randomBytes: RandomBytes): ApiKeyToken {
  const secret = createSecretToken(randomBytes);
  const body = `${apiKeyPrefix}${secret.token}`;
  return { token: `${body}${checksum(body)}`, hash: secret.hash, hint: body.slice(0, 8) };
}

/** The hash of a presented key, or null for what was never one: a slip is told apart without asking the database. */
export function hashApiKeyToken(token: string): Buffer | null {
  if (!/^bhk_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/.test(token)) return null;
  const body = token.slice(0, -8);
  return checksum(body) === token.slice(-8) ? hashSecretToken(body.slice(apiKeyPrefix.length)) : null;
}

// Against slips and for scanners, not against forgers.
function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
