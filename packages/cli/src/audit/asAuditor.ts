import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { auditIdentity, parseVerifier, type Verifier } from '@bulkhead/platform/audit/ledger';
import { connectionOf } from '@bulkhead/server';
import pg from 'pg';
import type { Values } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { explainConnection } from '../database/bootstrap.ts';
import { withDatabase } from '../database/openDatabase.ts';
import { passwordFile } from '../database/passwords.ts';
import { readSecret } from '../data-folder/secretFile.ts';
import type { auditOptions } from './options.ts';

/** Who may read the whole ledger, and how its checkpoints are recognised. */
export type Auditor = {
  readonly client: pg.Client;
  /** The installation's name, as it begins the origins. */
  readonly name: string;
  readonly keys: readonly Verifier[];
};

/** The keys on the command line. @throws CommandFailure when one is malformed */
export function givenKeys(lines: readonly string[]): Verifier[] {
  return lines.map((line) => {
    try {
      return parseVerifier(line);
    } catch (error) {
      throw usageFailure(`--key ${line}: ${error instanceof Error ? error.message : String(error)}.`);
    }
  });
}

/** Runs `work` on one connection as bulkhead_auditor, whose password is in the data folder, else in PGPASSWORD. */
export async function asAuditor<Result>(
  values: Values<typeof auditOptions>,
  terminal: Terminal,
  work: (auditor: Auditor) => Promise<Result>,
): Promise<Result> {
  const given = givenKeys(values.key ?? []);
  return withDatabase(values, terminal, async (config) => {
    const { audit } = config;
    const own =
      audit.key === undefined
        ? undefined
        : auditIdentity({
            seed: audit.key,
            previous: audit.previousKeys,
            ...(audit.name !== undefined && { name: audit.name }),
          });
    const keys = given.length > 0 ? given : own?.keys;
    if (keys === undefined || keys[0] === undefined) {
      throw new CommandFailure('audit_key_missing', 'No key says whose checkpoints to trust.', {
        hint: 'Give --key with the line that the installation publishes at /.well-known/bulkhead-audit-keys.',
      });
    }
    const file = passwordFile(join(resolve(terminal.folder, values.data), 'secrets'), 'auditor');
    const password = existsSync(file) ? await readSecret(file) : terminal.env['PGPASSWORD'];
    const client = new pg.Client({
      ...connectionOf(config.database, 'app'),
      user: 'bulkhead_auditor',
      password,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      const { host, port, name } = config.database;
      throw explainConnection(error, { host, port, user: 'bulkhead_auditor', database: name });
    }
    try {
      return await work({ client, name: keys[0].name.replace(/\/audit$/, ''), keys });
    } finally {
      await client.end();
    }
  });
}
