import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { ModelSettings } from '../../packages/prover/src/model/settings.ts';
import { scan, type Scan } from '../../packages/prover/src/scan.ts';
import { createTestDatabase, ownTestServer, type Connection, type TestDatabase } from '../harness/index.ts';

async function connected<T>(connection: Connection, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const scanAs = (connection: Connection, settings: ModelSettings = {}): Promise<Scan> =>
  connected(connection, (client) => scan({ client, settings }));

const tableName = ({ facts }: Scan, id: string): string | undefined => facts.lookup.relation(id)?.name;

const isBooks = ({ facts }: Scan, id: string): boolean => facts.lookup.relation(id)?.schema === 'books';

describe('Bulkhead itself', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase({ template: 'full', server: await ownTestServer() });
  });
  after(() => database.drop());

  test('ISO-1: kernel, platform and books have no finding and nothing unseen, seen as the application itself', async () => {
    const result = await scanAs(database.connections.app);
    assert.deepEqual(result.findings, []);
    assert.deepEqual(result.unseen, []);
    assert.ok(result.rulesRun.length >= 55);
  });

  test('PRO-1: its model is inferred: role, carrier, tenant columns, shared tables', async () => {
    const result = await scanAs(database.connections.app);
    const { model } = result;
    assert.equal(model.preset, 'bulkhead');
    assert.deepEqual(model.carriers, [{ kind: 'sealed', setting: 'bulkhead.context' }]);
    assert.deepEqual(model.applicationRoles, ['bulkhead_app']);
    assert.deepEqual(model.unresolved, []);
    const invoice = model.tables.find(
      ({ relationId }) => isBooks(result, relationId) && tableName(result, relationId) === 'invoice',
    );
    assert.equal(invoice?.column, 'tenant_id');
    assert.ok(model.shared.some(({ relationId }) => tableName(result, relationId) === 'currency'));
  });

  test('PRO-4: a hole cut into it is found, and only that', async () => {
    await connected(database.connections.owner, async (client) => {
      await client.query('create policy oops on books.customer for select to bulkhead_app using (true)');
      await client.query(
        'alter policy bulkhead_tenant on books.customer using (tenant_id is not null) with check (tenant_id is not null)',
      );
    });
    const result = await scanAs(database.connections.app);
    assert.deepEqual(
      result.findings
        .filter(({ severity }) => severity !== 'info')
        .map(({ rule, object }) => [rule, object.name]),
      [
        ['BH005', 'oops on books.customer'],
        ['BH006', 'bulkhead_opener on books.customer'],
        ['BH029', 'bulkhead_tenant on books.customer'],
      ],
    );
  });
});

describe('any database', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase({ template: 'empty', server: await ownTestServer() });
  });
  after(() => database.drop());

  const own = (text: string) => connected(database.connections.superuser, (client) => client.query(text));

  test('PRO-2: an empty database is not passed: there is nothing to see and no application role', async () => {
    const result = await scanAs(database.connections.superuser);
    assert.deepEqual(
      result.unseen.map(({ what }) => what),
      ['the application role', 'tables'],
    );
  });

  test('PRO-2: a schema without tables and a role that does not exist are said to be unseen', async () => {
    const result = await scanAs(database.connections.superuser, {
      schemas: ['nowhere'],
      roles: ['nobody_here'],
    });
    assert.deepEqual(result.unseen, [
      { what: 'role nobody_here', why: 'there is no such role' },
      { what: 'tables', why: 'there is none in nowhere' },
    ]);
  });

  test('PRO-1: names with quotes and other scripts stand in findings as SQL takes them', async () => {
    await own(`
      create schema "Größe ""1""";
      grant usage on schema "Größe ""1""" to bulkhead_worker;
      create table "Größe ""1"""."Täble" (id int primary key, "tenant Id" uuid, tenant_id uuid not null);
      grant select on "Größe ""1"""."Täble" to bulkhead_worker;
    `);
    const result = await scanAs(database.connections.superuser, { roles: ['bulkhead_worker'] });
    const [finding] = result.findings;
    assert.equal(finding?.rule, 'BH001');
    assert.equal(finding?.object.name, '"Größe ""1"""."Täble"');
    await own(finding?.fix ?? '');
    const after = await scanAs(database.connections.superuser, { roles: ['bulkhead_worker'] });
    assert.ok(!after.findings.some(({ rule }) => rule === 'BH001'));
    await own('drop schema "Größe ""1""" cascade');
  });

  test('PRO-1: what the user says overrules what is inferred', async () => {
    await own(`
      create schema said;
      grant usage on schema said to bulkhead_worker;
      create table said.parcel (id int primary key, mandant int not null, note text);
      create table said.news (id int primary key, tenant_id int not null);
      grant select, insert on said.parcel, said.news to bulkhead_worker;
    `);
    const settings: ModelSettings = {
      roles: ['bulkhead_worker'],
      schemas: ['said'],
      tenantColumns: { 'said.parcel': 'mandant' },
      shared: ['said.news'],
      carriers: [{ kind: 'setting', name: 'my.mandant', cast: 'int' }],
      origin: 'config',
    };
    const result = await scanAs(database.connections.superuser, settings);
    assert.deepEqual(
      result.model.tables.map(({ relationId, column, origin }) => [
        tableName(result, relationId),
        column,
        origin,
      ]),
      [['parcel', 'mandant', 'config']],
    );
    assert.deepEqual(
      result.findings.filter(({ rule }) => rule === 'BH001').map(({ object }) => object.name),
      ['said.parcel'],
    );
    assert.match(
      result.findings[0]?.fix ?? '',
      /mandant = \(select nullif\(current_setting\('my\.mandant', true\), ''\)::integer\)/,
    );
    await own('drop schema said cascade');
  });

  test('PRO-1: carriers and membership tables are found behind helper functions', async () => {
    await own(`
      create schema behind;
      grant usage on schema behind to bulkhead_worker;
      create table behind.member (person uuid not null, org uuid not null, primary key (person, org));
      create function behind.person() returns uuid language plpgsql stable set search_path = '' as $$
      begin
        return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
      end $$;
      create function behind.orgs() returns setof uuid language sql stable set search_path = ''
        begin atomic select m.org from behind.member m where m.person = behind.person(); end;
      create table behind.doc (id uuid primary key, org uuid not null);
      alter table behind.doc enable row level security;
      alter table behind.doc force row level security;
      create policy org on behind.doc to bulkhead_worker using (org in (select behind.orgs()));
      grant select on behind.doc to bulkhead_worker;
    `);
    const result = await scanAs(database.connections.superuser, {
      roles: ['bulkhead_worker'],
      schemas: ['behind'],
    });
    const doc = result.model.tables.find(({ relationId }) => tableName(result, relationId) === 'doc');
    assert.equal(doc?.column, 'org');
    assert.ok(doc.via.kind === 'membership');
    assert.equal(tableName(result, doc.via.relationId), 'member');
    assert.deepEqual([doc.via.identityColumn, doc.via.tenantColumn], ['person', 'org']);
    assert.deepEqual(result.model.carriers, [
      { kind: 'claim', setting: 'request.jwt.claims', path: ['sub'], cast: 'uuid' },
    ]);
    await own('drop schema behind cascade');
  });

  test('PRO-2: a function whose body cannot be read is unseen, not passed', async () => {
    await own(`
      create schema dark;
      grant usage on schema dark to bulkhead_worker;
      create table dark.doc (id uuid primary key, tenant_id uuid not null);
      create function dark.run(what text) returns void language plpgsql security definer set search_path = '' as $$
      begin
        execute format('select %I()', what);
      end $$;
      grant select on dark.doc to bulkhead_worker;
      grant execute on function dark.run(text) to bulkhead_worker;
    `);
    const result = await scanAs(database.connections.superuser, {
      roles: ['bulkhead_worker'],
      schemas: ['dark'],
    });
    assert.deepEqual(result.unseen, [
      { what: 'function dark.run(what text)', why: 'it builds SQL as it runs' },
    ]);
    await own('drop schema dark cascade');
  });

  test('PRO-1: rare forms of functions, views and policies are read, not stumbled over', async () => {
    await own(await readFile(new URL('./fixtures/odd.sql', import.meta.url), 'utf8'));
    const result = await scanAs(database.connections.superuser, {
      roles: ['bulkhead_worker'],
      schemas: ['o'],
    });
    const unread = result.catalog.routines
      .filter(({ schema }) => schema === 'o')
      .filter(({ id }) => result.facts.bodies(id)?.unseen !== null)
      .map(({ name }) => name);
    assert.deepEqual(unread, []);
    assert.deepEqual(result.unseen, []);
    assert.ok(result.findings.some(({ rule, object }) => rule === 'BH050' && object.name === 'o.v'));
    await own('drop schema o cascade');
  });

  test('PRO-1: the number of queries does not grow with the number of tables', async () => {
    const count = async (): Promise<number> =>
      connected(database.connections.superuser, async (client) => {
        let sent = 0;
        const query = client.query.bind(client) as (text: string) => Promise<pg.QueryResult>;
        const counting = Object.create(client, {
          query: {
            value: (text: string) => {
              sent += 1;
              return query(text);
            },
          },
        }) as pg.Client;
        await scan({ client: counting });
        return sent;
      });
    const before = await count();
    await own(`
      create schema many;
      do $$ begin
        for i in 1..100 loop execute format('create table many.t%s (id int primary key, tenant_id int not null)', i); end loop;
      end $$;
    `);
    assert.equal(await count(), before);
    await own('drop schema many cascade');
  });
});
