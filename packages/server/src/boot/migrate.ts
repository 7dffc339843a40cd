import { bootstrapSql, migrate } from '@bulkhead/kernel';
import pg from 'pg';
import type { ClientConfig } from 'pg';
import type { Config } from '../config/schema.ts';
import type { Module } from '../module.ts';
import { connectionOf } from './connections.ts';
import { migrationLines } from './lines.ts';

/** Files applied now, by line, e.g. `{ line: 'kernel', applied: ['0001_context.sql'] }`. */
export type AppliedLine = { line: string; applied: string[] };

/**
 * Brings a database up to date: the kernel's line, the platform's, each module's in order, and the
 * key that seals contexts.
 *
 * @param options.admin an administrator's connection to the same database; given, the cluster's
 *   roles are made or repaired first and get their passwords from the configuration
 * @throws {MigrationError} naming the file that failed; what was applied before it stays
 */
export async function migrateAll(
  config: Pick<Config, 'database' | 'context'>,
  modules: readonly Module[],
  options: { admin?: ClientConfig } = {},
): Promise<AppliedLine[]> {
  if (options.admin !== undefined) await setUpCluster(options.admin, config.database);
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
    // So that the running server, which has no owner connection, can tell whether it is current.
    await owner.query('grant usage on schema bulkhead_migration to bulkhead_identity');
    await owner.query('grant select on bulkhead_migration.applied to bulkhead_identity');
    return lines;
  } finally {
    await owner.end();
  }
}

async function setUpCluster(admin: ClientConfig, database: Config['database']): Promise<void> {
  const { roles, database: rights } = await bootstrapSql();
  const client = new pg.Client(admin);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(roles);
    await client.query(rights);
    for (const role of ['app', 'identity', 'owner'] as const) {
      const { user, password } = connectionOf(database, role);
      // A role's name and password cannot be bind parameters; both are quoted by the driver.
      await client.query(
        `alter role ${pg.escapeIdentifier(String(user))} password ${pg.escapeLiteral(String(password))}`,
      );
    }
  } finally {
    await client.end();
  }
}
