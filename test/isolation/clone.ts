import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Connection, RoleName, TestDatabase } from '../harness/index.ts';
import { openDatabase } from '../harness/template.ts';
import type { Stage } from './matrix.ts';

/** A copy of a staged database, rows and keys included. Nobody may be connected to the original meanwhile. */
export async function cloneStage(stage: Stage): Promise<Stage> {
  const { database } = stage;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(database, `create database ${name} template ${database.name}`);
  await openDatabase(database.server, name);
  const entries = Object.entries(database.connections) as [RoleName, Connection][];
  const connections = Object.fromEntries(
    entries.map(([role, connection]) => [role, { ...connection, database: name }]),
  ) as Record<RoleName, Connection>;
  const drop = (): Promise<void> => administer(database, `drop database if exists ${name} with (force)`);
  return { ...stage, database: { ...database, name, connections, drop } };
}

async function administer({ server }: TestDatabase, statement: string): Promise<void> {
  const client = new pg.Client(server.admin);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
