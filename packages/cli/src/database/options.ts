import type { Options } from '../command-line/command.ts';

/** Options of every command that works on a database. */
export const databaseOptions = {
  database: {
    kind: 'text',
    placeholder: 'URL',
    summary:
      'postgres://host[:port]/name, without a password (default: as configured, else the data folder’s own)',
  },
  data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' },
} as const satisfies Options;
