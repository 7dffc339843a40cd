import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { findOpenings } from './check.ts';

let database: TestDatabase;
let empty: TestDatabase;

before(async () => {
  [database, empty] = await Promise.all([createTestDatabase(), createTestDatabase({ template: 'empty' })]);
});
after(() => Promise.all([database.drop(), empty.drop()]));

async function asOwner<Result>(
  of: TestDatabase,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(of.connections.owner);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test('a sound database has no findings', async () => {
  assert.deepEqual(await asOwner(database, findOpenings), []);
});

test('ISO-1: a table of a guarded schema that nobody protected is named with its fix', async () => {
  const findings = await asOwner(database, async (client) => {
    await client.query('create schema shop');
    await client.query(`select bulkhead.guard_schema('shop')`);
    await client.query('create table shop.parcel (id uuid primary key)');
    return findOpenings(client);
  });
  assert.equal(findings.length, 1);
  assert.equal(findings[0]?.kind, 'table');
  assert.match(findings[0]?.name ?? '', /shop.*parcel/);
  assert.match(findings[0]?.fix ?? '', /protect_table/);
});

test('T-7: a security definer function without a search_path is named', async () => {
  const findings = await asOwner(database, async (client) => {
    await client.query(
      `create function shop.peek() returns integer language plpgsql security definer as 'begin return 1; end'`,
    );
    return findOpenings(client);
  });
  const functions = findings.filter(({ kind }) => kind === 'function');
  assert.ok(functions.length > 0);
  assert.ok(functions.every(({ name }) => name === 'shop.peek()'));
});

test('a database without the kernel is refused with what to run', async () => {
  await assert.rejects(asOwner(empty, findOpenings), { code: 'kernel_missing', exitCode: 3 });
});
