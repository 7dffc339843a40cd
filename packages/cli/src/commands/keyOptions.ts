import { join, resolve } from 'node:path';
import type { Options, Values } from '../command-line/command.ts';
import type { Terminal } from '../command-line/terminal.ts';

/** Options of the commands that need a context key. */
export const keyOptions = {
  'key-file': {
    kind: 'text',
    placeholder: 'FILE',
    summary: 'the context keys, the sealing key first (default: secrets/context-key in the data folder)',
  },
  data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' },
} as const satisfies Options;

/** Absolute path of the key file that the options name. */
export function keyFile(values: Values<typeof keyOptions>, terminal: Terminal): string {
  const named = values['key-file'] ?? join(values.data, 'secrets', 'context-key');
  return resolve(terminal.folder, named);
}
