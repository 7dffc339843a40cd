import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { grantsOf } from './grants.ts';
import { readCatalog } from './read.ts';
import type { Catalog } from './types.ts';

let database: TestDatabase;
let catalog: Catalog;

before(async () => {
  database = await createTestDatabase({ template: 'empty' });
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    await client.query(`
      create schema "Größe ""1""";
      create domain "Größe ""1""".code as text not null;
      create table "Größe ""1"""."Täble" (
        id bigint generated always as identity primary key,
        "tenant Id" uuid not null,
        code "Größe ""1""".code,
        doubled bigint generated always as (id * 2) stored,
        span int4range,
        constraint span_once exclude using gist (span with &&)
      );
      create unique index code_lower on "Größe ""1"""."Täble" (lower(code::text), "tenant Id") where id > 0;
      alter table "Größe ""1"""."Täble" enable row level security;
      create policy "mine only" on "Größe ""1"""."Täble" as restrictive for update
        using ("tenant Id" = nullif(current_setting('app.tenant', true), '')::uuid);
      grant select, insert ("tenant Id") on "Größe ""1"""."Täble" to public;
      create table parted (id int, day date) partition by range (day);
      create table parted_2026 partition of parted for values from ('2026-01-01') to ('2027-01-01');
      create view seen with (security_invoker) as select id from parted;
      create publication everything for all tables;
      create function twice(n int) returns int language sql immutable return n * 2;
      revoke execute on function twice(int) from public;
    `);
    catalog = await readCatalog(client);
  } finally {
    await client.end();
  }
});
after(() => database.drop());

const relation = (name: string) => {
  const found = catalog.relations.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};

test('PRO-1: quoted and non-ASCII names, domains, generated columns and exclusion constraints are read', () => {
  const table = relation('Täble');
  assert.equal(table.schema, 'Größe "1"');
  assert.deepEqual(
    table.columns.map(({ name, baseType, generated, identity }) => [name, baseType, generated, identity]),
    [
      ['id', 'bigint', null, 'always'],
      ['tenant Id', 'uuid', null, null],
      ['code', 'text', null, null],
      ['doubled', 'bigint', 'stored', null],
      ['span', 'int4range', null, null],
    ],
  );
  assert.deepEqual(
    table.keys.map(({ name, kind, columns, predicate }) => [name, kind, columns, predicate]),
    [
      ['Täble_pkey', 'primary', ['id'], null],
      ['span_once', 'exclusion', ['span'], null],
      ['code_lower', 'unique', ['lower(code::text)', 'tenant Id'], '(id > 0)'],
    ],
  );
});

test('PRO-1: policies, grants to PUBLIC and grants on columns are read', () => {
  const table = relation('Täble');
  const [policy] = table.policies;
  assert.ok(policy);
  assert.deepEqual(
    [policy.name, policy.permissive, policy.command, policy.roles],
    ['mine only', false, 'update', ['public']],
  );
  assert.match(policy.using ?? '', /NULLIF\(current_setting\('app\.tenant'::text, true\), ''::text\)/);
  assert.ok(table.grants.some(({ grantee, privilege }) => grantee === 'public' && privilege === 'select'));
  assert.deepEqual(table.columns[1]?.grants, [{ grantee: 'public', privilege: 'insert', grantable: false }]);
});

test('T-26: partitioned parents, their partitions and views are read', () => {
  assert.equal(relation('parted').kind, 'p');
  assert.equal(relation('parted_2026').parentId, relation('parted').id);
  assert.ok(relation('parted_2026').isPartition);
  assert.deepEqual(relation('seen').reads, [relation('parted').id]);
  assert.deepEqual(relation('seen').options, ['security_invoker=true']);
});

test('PRO-1: a publication of all tables lists them', () => {
  const published = catalog.publications[0]?.tables.map(({ id }) => id);
  assert.ok(published?.includes(relation('parted_2026').id));
});

test('PRO-1: a function is read with its body and whether PUBLIC may call it', () => {
  const twice = catalog.routines.find(({ name }) => name === 'twice');
  assert.ok(twice);
  assert.ok(twice.standardBody && twice.grantsExplicit);
  assert.match(twice.body ?? '', /RETURN \(n \* 2\)/);
  assert.ok(!twice.grants.some(({ grantee }) => grantee === 'public'));
});

test('PRO-1: nothing is unseen where nothing is hidden, and the client is left outside any transaction', async () => {
  assert.deepEqual(catalog.unseen, []);
  const client = new pg.Client(database.connections.app);
  await client.connect();
  try {
    await readCatalog(client);
    const { rows } = await client.query<{ path: string; now: string }>(
      `select current_setting('search_path') as path, (now() = statement_timestamp())::text as now`,
    );
    assert.deepEqual(rows, [{ path: '"$user", public', now: 'true' }]);
  } finally {
    await client.end();
  }
});

test('PRO-2: what rights hide is unseen, and the rest is read', async () => {
  const admin = new pg.Client(database.connections.superuser);
  const client = new pg.Client(database.connections.app);
  await Promise.all([admin.connect(), client.connect()]);
  try {
    await admin.query('revoke select on pg_catalog.pg_policy from public');
    const partial = await readCatalog(client);
    assert.deepEqual(
      partial.unseen.map(({ what }) => what),
      ['policies'],
    );
    assert.equal(partial.relations.length, catalog.relations.length);
  } finally {
    await Promise.all([admin.end(), client.end()]);
  }
});

test('PRO-1: ACL entries with quoted grantees and grant options', () => {
  assert.deepEqual(grantsOf(['"a ""b"" =/"=r*w/"o/=w"', '=X/owner']), [
    { grantee: 'a "b" =/', privilege: 'select', grantable: true },
    { grantee: 'a "b" =/', privilege: 'update', grantable: false },
    { grantee: 'public', privilege: 'execute', grantable: false },
  ]);
});
