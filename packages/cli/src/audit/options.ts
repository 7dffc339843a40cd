import type { Options } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

/** Options of the commands that read the audit log as its auditor. */
export const auditOptions = {
  key: {
    kind: 'list',
    placeholder: 'KEY',
    summary: 'public key of the installation, name/audit+hash+base64 (default: as configured)',
  },
  ...databaseOptions,
} as const satisfies Options;

/** A check that did not happen is never taken for one that failed, or passed. */
export const verifyExits = [
  ['0', 'everything holds'],
  ['1', 'something was tampered with'],
  ['2', 'it could not be checked: no database, no key, an unreadable file'],
  ['3', 'the command line cannot be understood'],
] as const;
