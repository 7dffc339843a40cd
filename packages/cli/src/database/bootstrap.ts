import { bootstrapSql } from '@bulkhead/kernel';
import pg from 'pg';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { roles, type Passwords } from './passwords.ts';
import { scramVerifier } from './scramVerifier.ts';

/** What `pg` connects with. `password` absent: PGPASSWORD or ~/.pgpass. */
export type Administrator = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
};

async function connect(administrator: Administrator, database: string): Promise<pg.Client> {
  const client = new pg.Client({ ...administrator, database, application_name: 'bulkhead' });
  // Without a listener a lost connection would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw explainConnection(error, { ...administrator, database });
  }
}

/** Turns an error of connecting into a sentence that says what to do. Never names a password. */
export function explainConnection(
  error: unknown,
  target: { readonly host: string; readonly port: number; readonly user: string; readonly database: string },
): CommandFailure {
  const place = `the database ${target.database} at ${target.host}:${target.port}`;
  const code = errorCode(error);
  if (code === '28P01' || code === '28000') {
    return new CommandFailure('database_sign_in_refused', `${target.user} may not sign in to ${place}.`, {
      hint: 'Check the password (PGPASSWORD, ~/.pgpass or the password files) and pg_hba.conf.',
      cause: error,
    });
  }
  if (code === '3D000') {
    return new CommandFailure('database_missing', `There is no ${place.slice(4)}.`, {
      hint: 'Create it, or name its administrator in --database so that it can be created for you.',
      cause: error,
    });
  }
  const reason = code ?? (error instanceof Error ? error.message : 'unknown reason');
  return new CommandFailure('database_unreachable', `Cannot reach ${place} (${reason}).`, {
    hint: 'Is it running, and are host and port right?',
    cause: error,
  });
}

async function createDatabase(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query('select from pg_catalog.pg_database where datname = $1', [name]);
  if (rows.length > 0) return;
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    // Another process created it a moment ago.
    if (errorCode(error) !== '42P04') throw error;
  }
}

async function setPasswords(client: pg.Client, passwords: Passwords): Promise<void> {
  for (const role of roles) {
    const verifier = pg.escapeLiteral(scramVerifier(passwords[role]));
    await client.query(`alter role bulkhead_${role} password ${verifier}`);
  }
}

/**
 * Does once what needs an administrator: the database, the roles and their passwords, and what PUBLIC
 * must lose. Doing it again only corrects what has drifted.
 *
 * @param options.database name of the database; created when missing
 * @throws CommandFailure when the administrator cannot connect
 */
export async function bootstrap(
  administrator: Administrator,
  options: { readonly database: string; readonly passwords: Passwords },
): Promise<void> {
  const sql = await bootstrapSql();
  const cluster = await connect(administrator, 'postgres');
  try {
    await createDatabase(cluster, options.database);
    await cluster.query(sql.roles);
    await setPasswords(cluster, options.passwords);
  } finally {
    await cluster.end();
  }
  const database = await connect(administrator, options.database);
  try {
    await database.query(sql.database);
  } finally {
    await database.end();
  }
}
