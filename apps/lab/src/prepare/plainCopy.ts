import pg from 'pg';
import type { LabRow } from './fill.ts';

/** The role that attacks the copy. It may read one table of one database, and nothing else anywhere. */
export const plainRole = 'bulkhead_lab';

export type PlainCopyOptions = {
  /** A superuser's connection; its database is any other than the copy. */
  administrator: pg.ClientConfig;
  /** Name of the copy's database; made anew. */
  database: string;
  /** Password of the role, hashed or not. */
  password: string;
  rows: readonly LabRow[];
};

const schema = `
  create schema lab;
  create table lab.secret (tenant_id uuid not null, title text not null, secret text not null);
  alter table lab.secret enable row level security, force row level security;
  create policy tenant on lab.secret using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
  grant usage on schema lab to ${plainRole};
  grant select on lab.secret to ${plainRole};
  revoke all on schema public from public;
  revoke usage on language plpgsql from public;`;

/**
 * Makes the same secrets behind row-level security as it is usually written: by a plain setting. A database of its own,
 * because its table leaks: nothing of the server's is in it, and its role may enter no other.
 */
export async function makePlainCopy(options: PlainCopyOptions): Promise<void> {
  const { administrator, database, password, rows } = options;
  await within(administrator, async (client) => {
    await client.query(`drop database if exists ${database} with (force)`);
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [plainRole]);
    if (rowCount === 0) await client.query(`create role ${plainRole}`);
    await client.query(
      `alter role ${plainRole} login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit
       connection limit 5 password ${pg.escapeLiteral(password)}`,
    );
    await client.query(`create database ${database} template template0`);
    await client.query(`revoke all on database ${database} from public`);
    await client.query(`grant connect on database ${database} to ${plainRole}`);
  });
  await within({ ...administrator, database }, async (client) => {
    await client.query(schema);
    for (const { tenant, title, secret } of rows) {
      await client.query('insert into lab.secret (tenant_id, title, secret) values ($1, $2, $3)', [
        tenant,
        title,
        secret,
      ]);
    }
  });
}

async function within(
  connection: pg.ClientConfig,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
