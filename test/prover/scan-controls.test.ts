import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { scan, type Scan } from '../../packages/prover/src/scan.ts';
import { createTestDatabase, ownTestServer, type TestDatabase } from '../harness/index.ts';
import { controlOf, type Control } from './control.ts';
import { insideTransaction } from './insideTransaction.ts';

const folder = new URL('./fixtures/controls/', import.meta.url);

/** Sound for an attack that cannot make a row of every type, and yet with a constraint that tells of other tenants. */
const alsoFound: Readonly<Record<string, string[]>> = { 'sound-hard-columns.sql': ['BH062'] };

const databases: TestDatabase[] = [];
const clients = new Map<string, pg.Client>();

before(async () => {
  for (const template of ['empty', 'kernel'] as const) {
    const database = await createTestDatabase({ template, server: await ownTestServer() });
    const client = new pg.Client(database.connections.superuser);
    await client.connect();
    databases.push(database);
    clients.set(template, client);
  }
});
after(async () => {
  for (const client of clients.values()) await client.end();
  for (const database of databases) await database.drop();
});

async function scanControl({ sql, roles }: Control): Promise<Scan> {
  const client = clients.get(/^-- template: (\w+)$/m.exec(sql)?.[1] ?? 'empty');
  assert.ok(client);
  await client.query('begin');
  try {
    for (const role of roles) {
      await client.query('savepoint role');
      await client.query(`create role "${role}"`).catch(() => client.query('rollback to savepoint role'));
      await client.query(`grant usage on schema public to "${role}"`);
    }
    await client.query(sql);
    return await scan({ client: insideTransaction(client), settings: { roles } });
  } finally {
    await client.query('rollback');
  }
}

test('PRO-4: the scan finds the hole of every broken control and none in any sound one', async (t) => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const missed: string[] = [];
  const wrong: string[] = [];
  for (const name of names) {
    const control = controlOf(name, await readFile(new URL(name, folder), 'utf8'));
    const { findings } = await scanControl(control);
    const serious = findings
      .filter(({ severity }) => severity !== 'info' && severity !== 'low')
      .map(({ rule }) => rule);
    if (!control.sound && serious.length === 0) missed.push(name);
    const unexpected = serious.filter((rule) => alsoFound[name]?.includes(rule) !== true);
    if (control.sound) wrong.push(...unexpected.map((rule) => `${name}: ${rule}`));
  }
  const broken = names.filter((name) => name.startsWith('broken-')).length;
  const found = broken - missed.length;
  t.diagnostic(
    `precision ${found / (found + wrong.length)}, recall ${found / broken}, controls ${names.length}`,
  );
  assert.deepEqual({ missed, wrong }, { missed: [], wrong: [] });
});
