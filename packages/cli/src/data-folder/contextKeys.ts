import { randomBytes } from 'node:crypto';
import type { ContextKey } from '@bulkhead/kernel';
import { CommandFailure } from '../command-line/failure.ts';
import { keepSecret, readSecret } from './secretFile.ts';

/** A fresh key as a line of a key file: its id (8 hex digits), a space, its 32 bytes (64 hex digits). */
export function newKeyLine(): string {
  return `${randomBytes(4).toString('hex')} ${randomBytes(32).toString('hex')}`;
}

function parse(text: string, file: string): readonly [ContextKey, ...ContextKey[]] {
  const [first, ...rest] = text.split('\n').map((line, index) => {
    const [, id, secret] = /^([0-9a-f]{8}) ([0-9a-f]{64})$/.exec(line.trim()) ?? [];
    if (id === undefined || secret === undefined) {
      throw new CommandFailure('key_file_malformed', `Line ${index + 1} of ${file} is no context key.`, {
        hint: 'A line is the key id (8 hex digits), a space, and the key (64 hex digits).',
      });
    }
    return { id, secret: Buffer.from(secret, 'hex') };
  });
  if (first === undefined) throw new CommandFailure('key_file_malformed', `${file} holds no key.`);
  return [first, ...rest];
}

/**
 * Reads a file of context keys: one a line, the sealing key first, then those still accepted.
 *
 * @throws CommandFailure when it is missing, readable by others, or malformed; never quoting it.
 */
export async function readContextKeys(file: string): Promise<readonly [ContextKey, ...ContextKey[]]> {
  return parse(await readSecret(file), file);
}

/** Like readContextKeys, but makes the file with one fresh key where there is none. */
export async function keepContextKeys(file: string): Promise<readonly [ContextKey, ...ContextKey[]]> {
  return parse(await keepSecret(file, newKeyLine), file);
}
