import type pg from 'pg';
import { readDatabase } from './readDatabase.ts';
import { readRelations } from './readRelations.ts';
import { readRoles, readSchemas } from './readRoles.ts';
import { readRoutines } from './readRoutines.ts';
import { sectionReader, systemSchemas } from './section.ts';
import type { Catalog, Unseen } from './types.ts';

/**
 * Reads the whole catalog in one read-only snapshot, in a fixed number of queries. Takes no lock that a writer would
 * wait for; waits at most 5 s for another's lock.
 *
 * @param client connected and outside any transaction; its settings are left as they were
 * @throws Error of `pg` when the connection fails or a lock is not had in time
 */
export async function readCatalog(client: pg.ClientBase): Promise<Catalog> {
  await client.query('begin isolation level repeatable read read only');
  try {
    // An empty search path makes Postgres print every name with its schema.
    await client.query(
      "set local search_path = ''; set local lock_timeout = '5s'; set local statement_timeout = '120s'",
    );
    return await readAll(client);
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

async function readAll(client: pg.ClientBase): Promise<Catalog> {
  const unseen: Unseen[] = [];
  const section = sectionReader(client, unseen);
  const { rows } = await client.query<Catalog['server'] & { reader: string }>(serverQuery);
  const [row] = rows;
  if (row === undefined) throw new Error('the server does not say who it is');
  const { reader, ...server } = row;
  const relations = await readRelations(section);
  return {
    server,
    reader,
    roles: await readRoles(section, server.versionNumber),
    schemas: await readSchemas(section, systemSchemas),
    relations,
    routines: await readRoutines(section),
    ...(await readDatabase(section, relations)),
    unseen,
  };
}

const serverQuery = `select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
    current_database() as database, current_setting('server_encoding') as encoding, session_user as reader,
    coalesce((select s.setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
      where s.setrole = 0 and d.datname = current_database()), '{}') as settings`;
