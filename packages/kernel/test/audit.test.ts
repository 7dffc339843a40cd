import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';

const tenant = '11111111-1111-4111-8111-111111111111';
const other = '22222222-2222-4222-8222-222222222222';
const companyA = 'aaaaaaaa-1111-4111-8111-111111111111';
const companyB = 'bbbbbbbb-1111-4111-8111-111111111111';
const actor = { kind: 'account', id: '99999999-9999-4999-8999-999999999999' } as const;

type Entry = Record<string, unknown> & {
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

let database: TestDatabase;
let app: pg.Client;
let owner: pg.Client;

before(async () => {
  database = await createTestDatabase();
  owner = new pg.Client(database.connections.owner);
  app = new pg.Client(database.connections.app);
  await owner.connect();
  await app.connect();
  await owner.query(`
    create schema shop; grant usage on schema shop to bulkhead_app;
    create table shop.invoice (
      id uuid primary key default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      company_id uuid not null default bulkhead.claimed_company_id(), created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(), deleted_at timestamptz, number integer, memo text);
    create table shop.note (
      id uuid primary key default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
      created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      deleted_at timestamptz, body text);
    select bulkhead.protect_table('shop.invoice', 'company');
    select bulkhead.protect_table('shop.note', 'tenant', '{"delete": "hard"}')`);
});
after(async () => {
  await app.end();
  await owner.end();
  await database.drop();
});

type Scope = { tenant?: string; company?: string; request?: string };

async function inContext<T>(scope: Scope, run: () => Promise<T>): Promise<T> {
  await app.query('begin');
  try {
    const token = database.sealer.seal({ tenant: scope.tenant ?? tenant, company: scope.company, actor });
    await app.query(
      `select set_config('bulkhead.context', $1, true), set_config('bulkhead.request', $2, true)`,
      [token, scope.request ?? ''],
    );
    const result = await run();
    await app.query('commit');
    return result;
  } catch (error) {
    await app.query('rollback');
    throw error;
  }
}

async function log(scope: Scope = {}): Promise<Entry[]> {
  return inContext(
    scope,
    async () => (await app.query<Entry>('select * from bulkhead.audit_log order by id')).rows,
  );
}

describe('AUD-1 every change writes an entry', () => {
  test('with actor, action, target, before, after, diff, request id, address and time', async () => {
    const request = JSON.stringify({ id: 'req-1', ip: '203.0.113.9', agent: 'test/1' });
    await inContext({ company: companyA, request }, async () => {
      await app.query(`insert into shop.invoice (number, memo) values (1, 'first')`);
      await app.query(`update shop.invoice set memo = 'second' where number = 1`);
      await app.query('update shop.invoice set deleted_at = now() where number = 1');
      await app.query(`set local bulkhead.deleted = 'visible'`);
      await app.query('update shop.invoice set deleted_at = null where number = 1');
      await app.query(`insert into shop.note (body) values ('n')`);
      await app.query('delete from shop.note');
    });
    const entries = await log();
    assert.deepEqual(
      entries.map((entry) => [entry['action'], entry['target_type'], entry['company_id']]),
      [
        ['insert', 'shop.invoice', companyA],
        ['update', 'shop.invoice', companyA],
        ['soft_delete', 'shop.invoice', companyA],
        ['restore', 'shop.invoice', companyA],
        ['insert', 'shop.note', null],
        ['delete', 'shop.note', null],
      ],
    );
    for (const entry of entries) {
      assert.equal(entry['actor_kind'], 'account');
      assert.equal(entry['actor_id'], actor.id);
      assert.equal(entry['request_id'], 'req-1');
      assert.equal(entry['ip'], '203.0.113.9');
      assert.equal(entry['user_agent'], 'test/1');
      assert.equal(entry['tenant_id'], tenant);
    }
    assert.deepEqual(entries[1]?.['diff'], { memo: { before: 'first', after: 'second' } });
    assert.equal(entries[0]?.before, null);
    assert.equal(entries[0]?.after?.['memo'], 'first');
    assert.equal(entries[5]?.before?.['body'], 'n');
    assert.equal(entries[5]?.after, null);
    assert.equal(entries[1]?.['target_id'], entries[1]?.after?.['id']);
  });

  test('one for each row of a statement, and none for a statement that changes nothing', async () => {
    const before = (await log()).length;
    await inContext({ company: companyA }, async () => {
      await app.query('insert into shop.invoice (number) select generate_series(100, 1099)');
      await app.query(`update shop.invoice set memo = 'bulk' where number between 100 and 1099`);
      await app.query(`update shop.invoice set memo = 'nobody' where number = -1`);
    });
    const entries = (await log()).slice(before);
    assert.equal(entries.length, 2000);
    const updates = entries.filter((entry) => entry['action'] === 'update');
    assert.equal(updates.length, 1000);
    for (const { before: was, after: is } of updates) assert.equal(was?.['id'], is?.['id']);
  });

  test('in the business transaction: a rollback takes the entry with it', async () => {
    const before = (await log()).length;
    await assert.rejects(
      inContext({ company: companyA }, async () => {
        await app.query('insert into shop.invoice (number) values (7)');
        throw new Error('changed my mind');
      }),
    );
    assert.equal((await log()).length, before);
  });

  test('application events are named noun.verb and cannot pass for a row change', async () => {
    await inContext({}, async () => {
      await app.query(`select bulkhead.audit_event('report.export', 'books.report', null, '{"b":1,"a":2}')`);
    });
    const entry = (await log()).at(-1);
    assert.equal(entry?.['action'], 'report.export');
    const { rows } = await inContext({}, () =>
      app.query<{ bytes: string }>(
        `select detail::text bytes from bulkhead.audit_entry where action = 'report.export'`,
      ),
    );
    assert.equal(rows[0]?.bytes, '{"b":1,"a":2}', 'T-64: the bytes are kept as written');
    for (const name of ['update', 'Report.export', 'a.b.c', '.x', '']) {
      await assert.rejects(
        inContext({}, () => app.query('select bulkhead.audit_event($1, $2)', [name, 'x'])),
        { code: '22023' },
      );
    }
  });

  test('no context, no change: an event or a write without one is 42501', async () => {
    await assert.rejects(app.query(`select bulkhead.audit_event('a.b', 'x')`), { code: '42501' });
    await assert.rejects(app.query('insert into shop.note (tenant_id) values ($1)', [tenant]), {
      code: '42501',
    });
  });

  test('an agent that acts for nobody writes nothing, whoever sealed its context', async () => {
    const payload = `bh1.${database.key.id}.${Math.floor(Date.now() / 1000) + 60}.${tenant}.*.agent.${actor.id}.-`;
    const mac = createHmac('sha256', database.key.secret).update(payload).digest('hex');
    await app.query('begin');
    await app.query(`select set_config('bulkhead.context', $1, true)`, [`${payload}.${mac}`]);
    await assert.rejects(app.query('insert into shop.note default values'), {
      code: '42501',
      message: /on behalf of/,
    });
    await app.query('rollback');
  });

  test('ISO-5 injected SQL cannot drop or change the actor between the write and its entry', async () => {
    const empty = `with w as (insert into shop.note (body) values ('x') returning id)
      select set_config('bulkhead.context', '', true) from w`;
    await assert.rejects(
      inContext({}, () => app.query(empty)),
      { code: '42501' },
    );
    const forged = empty.replace(`''`, `'bh1.forged'`);
    await assert.rejects(
      inContext({}, () => app.query(forged)),
      { code: '42501' },
    );
  });
});

describe('AUD-2 append-only', () => {
  const attempts = {
    update: `update bulkhead.audit_entry set action = 'x'`,
    delete: 'delete from bulkhead.audit_entry',
    truncate: 'truncate bulkhead.audit_entry',
    insert: `insert into bulkhead.audit_entry (tenant_id, actor_kind, actor_id, action, target_type) values ('${tenant}', 'account', '${tenant}', 'x.y', 'z')`,
  };
  for (const [name, statement] of Object.entries(attempts)) {
    test(`no runtime role may ${name}`, async () => {
      for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
        const client = new pg.Client(database.connections[role]);
        await client.connect();
        await assert.rejects(client.query(statement), { code: role === 'auditor' ? /42501|25006/ : '42501' });
        await client.end();
      }
    });
  }

  test('the triggers refuse the owner and the superuser, on the table and on each partition', async () => {
    const { rows: partitions } = await owner.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'bulkhead.audit_entry'::regclass`,
    );
    assert.ok(partitions.length >= 1);
    const superuser = new pg.Client(database.connections.superuser);
    await superuser.connect();
    try {
      const { rows } = await superuser.query<{ name: string }>(
        'select tableoid::regclass::text as name from bulkhead.audit_entry group by 1',
      );
      assert.ok(rows.length > 0, 'there are entries to attack');
      for (const { name } of [{ name: 'bulkhead.audit_entry' }, ...rows]) {
        await assert.rejects(superuser.query(`update ${name} set action = 'x'`), { code: '42501' }, name);
        await assert.rejects(superuser.query(`delete from ${name}`), { code: '42501' }, name);
      }
      for (const { name } of [{ name: 'bulkhead.audit_entry' }, ...partitions]) {
        await assert.rejects(superuser.query(`truncate ${name}`), { code: '42501' }, name);
        await assert.rejects(owner.query(`truncate ${name}`), { code: '42501' }, name);
      }
    } finally {
      await superuser.end();
    }
  });
});

describe('who reads entries', () => {
  test("a tenant its own; a company its own and the tenant's; nobody without a context", async () => {
    await inContext({ company: companyB }, () =>
      app.query('insert into shop.invoice (number) values (5000)'),
    );
    await inContext({ tenant: other, company: companyA }, () =>
      app.query('insert into shop.invoice (number) values (6000)'),
    );
    const companies = (entries: Entry[]): unknown[] =>
      [...new Set(entries.map((entry) => entry['company_id']))].toSorted((one, next) =>
        String(one).localeCompare(String(next)),
      );
    assert.deepEqual(companies(await log({ company: companyB })), [companyB, null]);
    assert.deepEqual(
      [...new Set((await log({ tenant: other })).map((entry) => entry['tenant_id']))],
      [other],
    );
    assert.equal((await app.query('select from bulkhead.audit_log')).rowCount, 0);
  });

  test('T-8 partitions are reached through the table only', async () => {
    await assert.rejects(
      inContext({}, () => app.query('select from bulkhead.audit_entry_unplaced')),
      { code: '42501' },
    );
  });

  test('the auditor reads all entries and no business table', async () => {
    const auditor = new pg.Client(database.connections.auditor);
    await auditor.connect();
    try {
      const { rows } = await auditor.query<{ tenants: string }>(
        'select count(distinct tenant_id) tenants from bulkhead.audit_log',
      );
      assert.equal(Number(rows[0]?.tenants), 2);
      await assert.rejects(auditor.query('select from shop.invoice'), { code: '42501' });
    } finally {
      await auditor.end();
    }
  });
});

test('partitions are made ahead, and a month without one loses no entry', async () => {
  await owner.query('begin');
  await owner.query('select bulkhead.ensure_audit_partitions(2)');
  const { rows } = await owner.query<{ names: number }>(
    `select count(*)::int as names from pg_inherits where inhparent = 'bulkhead.audit_entry'::regclass`,
  );
  assert.ok((rows[0]?.names ?? 0) >= 3);
  await owner.query('rollback');
});

test("AUD-1 a change by the owner without a context is the database's, not an account's", async () => {
  const superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
  try {
    await superuser.query('begin');
    await superuser.query(`insert into shop.note (tenant_id, body) values ('${tenant}', 'by hand')`);
    const { rows } = await superuser.query<Entry>(
      'select actor_kind, actor_id from bulkhead.audit_entry order by id desc limit 1',
    );
    assert.deepEqual(rows, [{ actor_kind: 'database', actor_id: null }]);
    await superuser.query('rollback');
  } finally {
    await superuser.end();
  }
});
