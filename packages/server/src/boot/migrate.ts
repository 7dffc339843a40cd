import { migrate } from '@bulkhead/kernel';
import pg from 'pg';
import type { Config } from '../config/schema.ts';
import type { Module } from '../module.ts';
import { connectionOf } from './connections.ts';
import { migrationLines } from './lines.ts';

/** Files applied now, by line, e.g. `{ line: 'kernel', applied: ['0001_context.sql'] }`. */
export type AppliedLine = { line: string; applied: string[] };

/**
 * Brings a database up to date: the kernel's line, the platform's, each module's in order, the key
 * that seals contexts, and the audit partitions of the coming months. The roles must exist; an
 * administrator makes them (`bulkhead up`, `bulkhead migrate`).
 *
 * @throws {MigrationError} naming the file that failed; what was applied before it stays
 */
export async function migrateAll(
  config: Pick<Config, 'database' | 'context'>,
  modules: readonly Module[],
): Promise<AppliedLine[]> {
  const owner = new pg.Client(connectionOf(config.database, 'owner'));
  owner.on('error', () => {});
  await owner.connect();
  try {
    const lines: AppliedLine[] = [];
    for (const line of migrationLines(modules)) {
      lines.push({ line: line.line, applied: await migrate(owner, line) });
    }
    await owner.query('select bulkhead.register_context_key($1, $2)', [
      config.context.keyId,
      config.context.key,
    ]);
    await owner.query('select bulkhead.ensure_audit_partitions()');
    // So that the running server, which has no owner connection, can tell whether it is current.
    await owner.query('grant usage on schema bulkhead_migration to bulkhead_identity');
    await owner.query('grant select on bulkhead_migration.applied to bulkhead_identity');
    return lines;
  } finally {
    await owner.end();
  }
}
