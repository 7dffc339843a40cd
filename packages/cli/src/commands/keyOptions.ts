import type { Options } from '../command-line/command.ts';

/** Options of the commands that need a context key. */
export const keyOptions = {
  'key-file': {
    kind: 'text',
    placeholder: 'FILE',
    summary:
      'the context key (default: BULKHEAD_CONTEXT_KEY_FILE, else secrets/context-key in the data folder)',
  },
  'key-id': {
    kind: 'text',
    placeholder: 'ID',
    summary: 'its id, 8 hex digits (default: BULKHEAD_CONTEXT_KEY_ID, else derived from the key)',
  },
  data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' },
} as const satisfies Options;
