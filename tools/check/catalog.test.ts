import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/harness/index.ts';
import { commentProblems, functionProblems, schemaListProblems } from './catalog.ts';
import { describeSchema } from './describeSchema.ts';

const own = ['bulkhead'];
let database: TestDatabase;
let client: pg.Client;

before(async () => {
  database = await createTestDatabase();
  client = new pg.Client(database.connections.superuser);
  await client.connect();
});

after(async () => {
  await client.end();
  await database.drop();
});

/** What `look` sees after `change`, which is then rolled back. */
const under = async <T>(change: string, look: () => Promise<T>): Promise<T> => {
  await client.query('begin');
  try {
    await client.query(change);
    return await look();
  } finally {
    await client.query('rollback');
  }
};

test('the kernel’s own catalog has no problem', async () => {
  assert.deepEqual(await commentProblems(client, own), []);
  assert.deepEqual(await functionProblems(client, own), []);
  assert.deepEqual(await schemaListProblems(client, own), []);
});

test('a schema that nothing looks at is named', async () => {
  const problems = await under('create schema forgotten', () => schemaListProblems(client, own));
  assert.deepEqual(problems, ['schema forgotten: list it in tools/check/schema.ts']);
});

test('a table, a view, a type or a function without a comment is named', async () => {
  const problems = await under(
    `create table bulkhead.bare_table (id int);
     create view bulkhead.bare_view as select 1 as one;
     create type bulkhead.bare_type as enum ('a');
     create function bulkhead.bare_function() returns int language sql return 1;`,
    () => commentProblems(client, own),
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    [
      'function bulkhead.bare_function()',
      'table bulkhead.bare_table',
      'type bulkhead.bare_type',
      'view bulkhead.bare_view',
    ],
  );
});

test('T-7: a function that PUBLIC may execute, or with a path that others control, is named', async () => {
  const problems = await under(
    `create function bulkhead.open_to_all() returns int language sql return 1;
     create function bulkhead.loose_path() returns int language sql as 'select 1';
     revoke execute on function bulkhead.loose_path() from public;`,
    () => functionProblems(client, own),
  );
  assert.deepEqual(problems, [
    'function bulkhead.loose_path(): it has neither a standard SQL body nor an empty search_path',
    'function bulkhead.open_to_all(): PUBLIC may execute it: revoke that',
  ]);
});

const changes = [
  'alter table bulkhead.audit_entry no force row level security',
  'drop policy audit_entry_read_own on bulkhead.audit_entry',
  'alter table bulkhead.audit_entry add column extra text',
  'alter table bulkhead.audit_entry alter column actor_kind drop not null',
  'alter table bulkhead.audit_entry drop constraint audit_entry_position',
  'drop trigger audit_entry_append_only on bulkhead.audit_entry',
  'create index extra on bulkhead.audit_entry (action)',
  'grant update (action) on bulkhead.audit_entry to bulkhead_app',
  'grant select on bulkhead.context_key to bulkhead_app',
  'alter function bulkhead.tenant_id() volatile',
];

for (const change of changes) {
  test(`the description shows: ${change}`, async () => {
    const whole = await describeSchema(client, ['bulkhead']);
    assert.equal(await describeSchema(client, ['bulkhead']), whole, 'the same catalog is described the same');
    assert.notEqual(await under(change, () => describeSchema(client, ['bulkhead'])), whole);
  });
}
