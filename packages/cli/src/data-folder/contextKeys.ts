import { createHash } from 'node:crypto';
import { link, rename, rm } from 'node:fs/promises';
import type { ContextKey } from '@bulkhead/kernel';
import { CommandFailure } from '../command-line/failure.ts';
import { keepSecret, readSecret } from './secretFile.ts';

/** The id a key goes by unless it is given another: the first 8 hex digits of its SHA-256. */
export function keyIdOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}

function parse(text: string, file: string): Buffer {
  const secret = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (secret.length !== 32) {
    throw new CommandFailure('key_file_malformed', `${file} holds no context key.`, {
      hint: 'A key is 32 bytes, written as 64 hex digits or as base64.',
    });
  }
  return secret;
}

/**
 * Reads a context key from its file.
 *
 * @param keyId default: derived from the key
 * @throws CommandFailure when the file is missing, readable by others, or malformed; never quoting it.
 */
export async function readContextKey(file: string, keyId?: string): Promise<ContextKey> {
  const secret = parse(await readSecret(file), file);
  return { id: keyId ?? keyIdOf(secret), secret };
}

/** Like readContextKey, but makes the file with a fresh key where there is none. */
export async function keepContextKey(file: string): Promise<ContextKey> {
  const secret = parse(await keepSecret(file), file);
  return { id: keyIdOf(secret), secret };
}

/** A fresh key in a file beside the present one, which stays the present one until `adopt` is called. */
export async function prepareContextKey(
  file: string,
): Promise<{ key: ContextKey; adopt: () => Promise<void> }> {
  const next = `${file}.next`;
  const key = await keepContextKey(next);
  return {
    key,
    adopt: async () => {
      await rm(`${file}.previous`, { force: true });
      await link(file, `${file}.previous`);
      // Renamed over the present one, so that there is a key at every moment.
      await rename(next, file);
    },
  };
}
