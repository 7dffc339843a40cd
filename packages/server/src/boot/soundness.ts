import { pendingMigrations } from '@bulkhead/kernel';
import type { MigrationLine } from '@bulkhead/kernel';
import type { Pool } from 'pg';

/** A database that this server refuses to serve from; the message names the culprits. */
export class UnsoundDatabaseError extends Error {
  override readonly name = 'UnsoundDatabaseError';
  readonly code: SoundnessCode;

  constructor(code: SoundnessCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What may be wrong with a database, in the order it is looked at. */
export type SoundnessCode = 'migrations_pending' | 'role_privileged' | 'tables_unprotected';

/** What is needed to judge a database. */
export type SoundnessOptions = {
  /** As bulkhead_app. */
  app: Pick<Pool, 'query'>;
  /** As bulkhead_identity. */
  identity: Pick<Pool, 'query'>;
  lines: readonly MigrationLine[];
};

/**
 * Looks for what would make serving unsafe: migrations that are missing, runtime roles that may
 * do more than they should, tables that nobody protected.
 *
 * @throws {UnsoundDatabaseError} naming what is wrong and how to put it right
 */
export async function assertSound(options: SoundnessOptions): Promise<void> {
  await assertMigrated(options);
  await assertUnprivileged(options.app, 'bulkhead_app');
  await assertUnprivileged(options.identity, 'bulkhead_identity');
  await assertRolesSafe(options.app);
  await assertProtected(options.app);
}

async function assertMigrated({ identity, lines }: SoundnessOptions): Promise<void> {
  for (const line of lines) {
    const pending = await pendingMigrations(
      { query: (text, values) => identity.query<Record<string, unknown>>(text, values) },
      line,
    ).catch((error: unknown) => {
      if (!isDenied(error)) throw error;
      return ['(unknown: bulkhead_identity may not read bulkhead_migration.applied)'];
    });
    if (pending.length === 0) continue;
    throw new UnsoundDatabaseError(
      'migrations_pending',
      `The database lacks migrations of ${line.line}: ${pending.join(', ')}. Run \`bulkhead migrate\`.`,
    );
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42501';
}

/** Judges the connection's own role, whatever its name: that is who the statements run as. */
async function assertUnprivileged(pool: Pick<Pool, 'query'>, expected: string): Promise<void> {
  const { rows } = await pool.query<{ name: string; reason: string | null }>(`
    select current_user as name, case
      when r.rolsuper then 'is a superuser'
      when r.rolbypassrls then 'bypasses row security'
      when exists (select from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relowner = r.oid and n.nspname not like 'pg\\_%') then 'owns tables'
      end as reason
    from pg_catalog.pg_roles r where r.rolname = current_user`);
  const [role] = rows;
  if (role === undefined || role.reason !== null || role.name !== expected) {
    throw new UnsoundDatabaseError(
      'role_privileged',
      `The server is connected as ${role?.name ?? 'an unknown role'}, which ${role?.reason ?? `is not ${expected}`}. Connect as ${expected}, without superuser, BYPASSRLS or ownership.`,
    );
  }
}

async function assertRolesSafe(app: Pick<Pool, 'query'>): Promise<void> {
  const { rows } = await app.query<{ role_name: string; problem: string; fix: string }>(
    'select role_name, problem, fix from bulkhead.unsafe_roles()',
  );
  if (rows.length === 0) return;
  const list = rows.map(({ role_name, problem, fix }) => `${role_name}: ${problem} (${fix})`);
  throw new UnsoundDatabaseError(
    'role_privileged',
    `Runtime roles may do more than they should. ${list.join('; ')}.`,
  );
}

async function assertProtected(app: Pick<Pool, 'query'>): Promise<void> {
  const { rows } = await app.query<{ table_name: string; problem: string; fix: string }>(
    'select table_name, problem, fix from bulkhead.unprotected_tables()',
  );
  if (rows.length === 0) return;
  const list = rows.map(({ table_name, problem, fix }) => `${table_name}: ${problem} (${fix})`);
  throw new UnsoundDatabaseError('tables_unprotected', `Tables are not protected. ${list.join('; ')}.`);
}
