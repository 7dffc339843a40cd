/**
 * Forward-only migrations: numbered SQL files, each applied once in its own transaction by the owner, and
 * refused when a file that was applied has since changed.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The part of a `pg` client that migrating needs. */
export type MigrationClient = {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
};

/** One line of migrations: a name and the folder with its `0001_noun.sql` files. */
export type MigrationLine = { line: string; folder: string | URL };

/** One numbered file. `checksum` is the SHA-256 of its bytes, in hex. */
export type Migration = { number: number; name: string; sql: string; checksum: string };

/** A migration that could not be applied, or a line whose history does not match its files. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: 'migration_failed' | 'migration_changed' | 'migration_missing' | 'migration_misnamed';

  constructor(code: MigrationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The kernel's own line. */
export const kernelLine: MigrationLine = { line: 'kernel', folder: new URL('../sql/', import.meta.url) };

/** SQL that an administrator runs before the kernel's line: roles once a cluster, the rest once a database. */
export async function bootstrapSql(): Promise<{ roles: string; database: string }> {
  const folder = new URL('../sql/', import.meta.url);
  const [roles, database] = await Promise.all([
    readFile(new URL('roles.sql', folder), 'utf8'),
    readFile(new URL('database.sql', folder), 'utf8'),
  ]);
  return { roles, database };
}

const fileName = /^(\d{4})_([a-z0-9_]+)\.sql$/;
const unnumbered: ReadonlySet<string> = new Set(['roles.sql', 'database.sql', 'schema.sql']);

/**
 * The line's files in order.
 * @throws {MigrationError} `migration_misnamed` when a file's name has no number, or a number is missing or stands twice
 */
export async function readMigrations(folder: string | URL): Promise<Migration[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder);
  const names = (await readdir(path))
    .filter((name) => name.endsWith('.sql') && !unnumbered.has(name))
    .toSorted();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(fileName.exec(name)?.[1]);
      if (number !== index + 1) {
        throw new MigrationError(
          'migration_misnamed',
          `${name}: expected number ${String(index + 1).padStart(4, '0')}`,
        );
      }
      const sql = await readFile(`${path}/${name}`, 'utf8');
      return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

const historyTable = `
  create schema if not exists bulkhead_migration;
  comment on schema bulkhead_migration is 'Bulkhead: which migrations this database has.';
  create table if not exists bulkhead_migration.applied (
    line text not null,
    number integer not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    constraint applied_pkey primary key (line, number)
  );
  comment on table bulkhead_migration.applied is 'One row for each migration file that was applied.';`;

/**
 * Applies what the line has and the database lacks. Two servers that start together take turns.
 * Runs with `row_security` off, so that a data migration which row security would silently narrow to zero
 * rows (the owner is under FORCE) fails instead.
 * @param client one connection as the owner, not a pool
 * @returns the names of the files applied now
 * @throws {MigrationError} with the file's name; what was applied before it stays
 */
export async function migrate(client: MigrationClient, { line, folder }: MigrationLine): Promise<string[]> {
  const migrations = await readMigrations(folder);
  await createHistory(client);
  const applied: string[] = [];
  for (;;) {
    const migration = await applyNext(client, line, migrations);
    if (!migration) return applied;
    applied.push(migration.name);
  }
}

/** Two servers that start together may both find the history missing. */
async function createHistory(client: MigrationClient): Promise<void> {
  try {
    await client.query(historyTable);
  } catch {
    await client.query(historyTable);
  }
}

/**
 * What `migrate` would apply.
 * @throws {MigrationError} `migration_changed` or `migration_missing` when history and files disagree
 */
export async function pendingMigrations(
  client: MigrationClient,
  { line, folder }: MigrationLine,
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const { rows } = await client.query(
    `select to_regclass('bulkhead_migration.applied') is not null as started`,
  );
  if (rows[0]?.['started'] !== true) return migrations.map(({ name }) => name);
  return (await pendingOf(client, line, migrations)).map(({ name }) => name);
}

async function pendingOf(
  client: MigrationClient,
  line: string,
  migrations: Migration[],
): Promise<Migration[]> {
  const { rows } = await client.query(
    'select number, name, checksum from bulkhead_migration.applied where line = $1 order by number',
    [line],
  );
  for (const row of rows) {
    const migration = migrations[Number(row['number']) - 1];
    if (!migration) {
      throw new MigrationError(
        'migration_missing',
        `the database has migration ${line}/${String(row['name'])}, which this version does not know: a newer version was here before`,
      );
    }
    if (migration.checksum !== row['checksum']) {
      throw new MigrationError(
        'migration_changed',
        `${line}/${migration.name} was changed after it was applied: undo the change and write a new file`,
      );
    }
  }
  return migrations.slice(rows.length);
}

/**
 * Applies the first pending file, if there is one. The lock is on a table that no runtime role can lock, and not an
 * advisory one, which anybody who can run SQL could hold to keep a server from starting.
 */
async function applyNext(
  client: MigrationClient,
  line: string,
  migrations: Migration[],
): Promise<Migration | undefined> {
  await client.query('begin');
  try {
    await client.query('lock table bulkhead_migration.applied in exclusive mode');
    const [migration] = await pendingOf(client, line, migrations);
    if (migration) await apply(client, line, migration);
    await client.query('commit');
    return migration;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function apply(client: MigrationClient, line: string, migration: Migration): Promise<void> {
  try {
    await client.query(`set local row_security = off`);
    await client.query(migration.sql);
    await client.query(`set local row_security = on`);
    await client.query(
      'insert into bulkhead_migration.applied (line, number, name, checksum) values ($1, $2, $3, $4)',
      [line, migration.number, migration.name, migration.checksum],
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MigrationError('migration_failed', `${line}/${migration.name}: ${reason}`, { cause: error });
  }
}
