import { MigrationError, pendingMigrations, type MigrationClient } from '@bulkhead/kernel';
import { migrateAll, migrationLines, type Config } from '@bulkhead/server';
import type { Module } from '@bulkhead/server/module';
import { CommandFailure } from '../command-line/failure.ts';

/** Files of one line of migrations, in order. */
export type LineFiles = { readonly line: string; readonly files: readonly string[] };

/** What the database lacks, line by line; lines that lack nothing are left out. */
export async function listPending(client: MigrationClient, modules: readonly Module[]): Promise<LineFiles[]> {
  const pending: LineFiles[] = [];
  for (const line of migrationLines(modules)) {
    const files = await pendingMigrations(client, line);
    if (files.length > 0) pending.push({ line: line.line, files });
  }
  return pending;
}

/**
 * Applies what the database lacks.
 *
 * @returns what was applied now, line by line
 * @throws CommandFailure naming the migration that failed
 */
export async function applyMigrations(
  config: Pick<Config, 'database' | 'context'>,
  modules: readonly Module[],
): Promise<LineFiles[]> {
  try {
    const lines = await migrateAll(config, modules);
    return lines
      .filter(({ applied }) => applied.length > 0)
      .map(({ line, applied }) => ({ line, files: applied }));
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const stale = error.code === 'migration_changed' || error.code === 'migration_missing';
    const hint = stale
      ? { hint: 'A demo of another version is made anew with: bulkhead up --demo --reset' }
      : {};
    throw new CommandFailure(error.code, error.message, { ...hint, cause: error });
  }
}
