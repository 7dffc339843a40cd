import { join, resolve } from 'node:path';
import type { ContextKey } from '@bulkhead/kernel';
import type { Values } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import type { keyOptions } from '../commands/keyOptions.ts';
import { readContextKey } from '../data-folder/contextKeys.ts';

/** The key that the options, else the environment, else the data folder name. */
export function readNamedKey(values: Values<typeof keyOptions>, terminal: Terminal): Promise<ContextKey> {
  const { env, folder } = terminal;
  const named = values['key-file'] ?? env['BULKHEAD_CONTEXT_KEY_FILE'];
  const file = resolve(folder, named ?? join(values.data, 'secrets', 'context-key'));
  const configured = named === env['BULKHEAD_CONTEXT_KEY_FILE'] ? env['BULKHEAD_CONTEXT_KEY_ID'] : undefined;
  const id = values['key-id'] ?? (named === undefined ? undefined : configured);
  if (id !== undefined && !/^[0-9a-f]{8}$/.test(id))
    throw usageFailure('A key id is 8 lower-case hex digits.');
  return readContextKey(file, id);
}
