/** What lies around the tables: functions, sequences, channels, statistics. What remains to be seen is shown as well. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type RoleName, type TestDatabase } from '../harness/index.ts';
import { openLab } from './lab.ts';
import type { Stage } from './matrix.ts';
import { contextToken, worlds } from './worlds.ts';

type Row = Record<string, unknown>;

async function ask<T extends Row = Row>(database: TestDatabase, role: RoleName, sql: string): Promise<T[]> {
  const client = new pg.Client(database.connections[role]);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const runtime = `('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')`;

describe('ISO-1 ISO-2 the application’s database, by its catalog', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createTestDatabase({ template: 'full' });
  });
  after(() => database.drop());

  for (const inspection of ['unprotected_tables', 'unsafe_roles', 'unsafe_functions']) {
    test(`bulkhead.${inspection}() finds nothing`, async () => {
      assert.deepEqual(await ask(database, 'app', `select * from bulkhead.${inspection}()`), []);
    });
  }

  test('T-6 T-8 the application reads registered tables, views with its own rights, and nothing else', async () => {
    const others = await ask(
      database,
      'superuser',
      `select c.oid::regclass::text as relation from pg_class c
      left join bulkhead.registered_table r on r.target = c.oid
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_any_column_privilege('bulkhead_app', c.oid, 'select')
        and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        and r.treatment is distinct from 'protected' and r.treatment is distinct from 'shared'
        and c.oid not in ('bulkhead.audit_entry'::regclass)
        and not (c.relnamespace = 'bulkhead'::regnamespace and c.relrowsecurity and c.relforcerowsecurity
          and c.relname in ('audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut',
            'audit_personal', 'audit_erasure', 'audit_verification', 'audit_anchoring'))
        and not (c.relkind = 'v' and coalesce(c.reloptions @> array['security_invoker=true'], false))`,
    );
    assert.deepEqual(others, []);
  });

  test('T-12 no runtime role touches a sequence, whose value would tell how much others write', async () => {
    const open = await ask(
      database,
      'superuser',
      `select r.rolname, c.oid::regclass::text as sequence from pg_class c, pg_roles r
      where c.relkind = 'S' and r.rolname in ${runtime} and has_sequence_privilege(r.oid, c.oid, 'select, usage, update')`,
    );
    assert.deepEqual(open, []);
  });

  test('T-12 T-18 no role of requests runs the functions that know no tenant', async () => {
    const open = await ask(
      database,
      'superuser',
      `select r.rolname, p.oid::regprocedure::text as routine from pg_proc p, pg_roles r
      where p.pronamespace = 'pg_catalog'::regnamespace and r.rolname in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_auditor')
        and has_function_privilege(r.oid, p.oid, 'execute')
        and p.proname ~ '^(pg_stat_get_|lo_(creat|from|open|get|put|unlink|import|export)|pg_(cancel|terminate)_backend|pg_lock_status|pg_notify|pg_read_|pg_ls_|pg_.*relation_size|pg_database_size)'
        and p.proname !~ '_old$'`,
    );
    assert.deepEqual(open, []);
  });

  test('T-7 every function with its owner’s rights has a fixed search_path and is open to roles by name only', async () => {
    const open = await ask(
      database,
      'superuser',
      `select p.oid::regprocedure::text as routine from pg_proc p
      where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        and (has_function_privilege('public', p.oid, 'execute')
          or (p.prosqlbody is null and not coalesce(exists (select from unnest(p.proconfig) c where c like 'search\\_path=%'), false)))`,
    );
    assert.deepEqual(open, []);
  });
});

describe('T-12 T-18 what remains to be seen by SQL that runs as the application (docs/design/isolation-proof.md)', () => {
  let lab: Stage;
  let client: pg.Client;
  before(async () => {
    lab = await openLab();
    await ask(
      lab.database,
      'superuser',
      `insert into lab.folder (tenant_id, code) select '${worlds.otherTenant.tenant}', n::text from generate_series(1, 500) n;
      analyze lab.folder`,
    );
    client = new pg.Client(lab.database.connections.app);
    await client.connect();
    await client.query(`select set_config('bulkhead.context', $1, false)`, [
      contextToken('own', lab.sealers),
    ]);
  });
  after(async () => {
    await client.end();
    await lab.database.drop();
  });

  const first = async (sql: string): Promise<Row> => (await client.query<Row>(sql)).rows[0] ?? {};
  const plan = async (sql: string): Promise<string> =>
    (await client.query<{ 'QUERY PLAN': string }>(sql)).rows.map((row) => row['QUERY PLAN']).join('\n');

  test('the number of rows of all tenants, as the last ANALYZE counted it', async () => {
    const { estimate } = await first(
      `select reltuples::int as estimate from pg_class where oid = 'lab.note'::regclass`,
    );
    const { count } = await first('select count(*)::int as count from lab.note');
    assert.ok(Number(estimate) > Number(count));
  });

  test('the plan’s count of rows that a scan of the whole table threw away, and its estimates', async () => {
    await client.query(
      'set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off',
    );
    const text = await plan('explain (analyze, timing off, summary off, costs off) select from lab.note');
    await client.query('reset all');
    await client.query(`select set_config('bulkhead.context', $1, false)`, [
      contextToken('own', lab.sealers),
    ]);
    assert.match(text, /Rows Removed by Filter: \d+/);
  });

  test('roughly how many rows a tenant has whose id is known, from the estimate', async () => {
    const estimate = async (tenant: string): Promise<number> =>
      Number(
        /rows=(\d+)/.exec(await plan(`explain select from lab.folder where tenant_id = '${tenant}'`))?.[1],
      );
    const known = await estimate(worlds.otherTenant.tenant);
    assert.ok(known > (await estimate(worlds.otherTenant.account)));
  });

  test('the values that stored statistics hold stay hidden', async () => {
    const { count } = await first(
      `select count(*)::int as count from pg_stats where schemaname in ('lab', 'bulkhead')`,
    );
    assert.equal(count, 0);
  });

  test('how many transactions the cluster has begun', async () => {
    const before = await first('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
    const neighbour = new pg.Client(lab.database.connections.app);
    await neighbour.connect();
    await neighbour.query(`select set_config('bulkhead.context', $1, false)`, [
      lab.database.sealer.seal({
        tenant: worlds.otherTenant.tenant,
        actor: { kind: 'account', id: worlds.otherTenant.account },
      }),
    ]);
    await neighbour.query(`insert into lab.folder (code) values ('tick')`);
    await neighbour.end();
    const later = await first('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
    assert.ok(BigInt(String(later['next'])) > BigInt(String(before['next'])));
  });

  test('how many audit entries others write between two of one’s own', async () => {
    await client.query(`select bulkhead.audit_event('lab.one', 'lab')`);
    const neighbour = new pg.Client(lab.database.connections.app);
    await neighbour.connect();
    await neighbour.query(`select set_config('bulkhead.context', $1, false)`, [
      lab.database.sealer.seal({
        tenant: worlds.otherTenant.tenant,
        actor: { kind: 'account', id: worlds.otherTenant.account },
      }),
    ]);
    await neighbour.query(`select bulkhead.audit_event('lab.two', 'lab')`);
    await neighbour.end();
    await client.query(`select bulkhead.audit_event('lab.three', 'lab')`);
    const { gap } = await first('select (max(id) - min(id))::int as gap from bulkhead.audit_entry');
    assert.equal(gap, 2);
  });

  test('what is sent on a channel, so that payloads must carry ids only', async () => {
    const heard = new Promise<string>((resolve) =>
      client.once('notification', ({ payload }: { payload?: string }) => resolve(payload ?? '')),
    );
    await client.query('listen anything');
    await ask(lab.database, 'app', `notify anything, 'an id'`);
    assert.equal(await heard, 'an id');
    await client.query('unlisten *');
  });

  test('that an advisory lock of a known number is held', async () => {
    const holder = new pg.Client(lab.database.connections.app);
    await holder.connect();
    await holder.query('select pg_advisory_lock(42)');
    const { free } = await first('select pg_try_advisory_lock(42) as free');
    await holder.end();
    assert.equal(free, false);
  });
});

test('T-14 a plan made for a role that row-level security does not hold is not used for one that it does', async () => {
  const lab = await openLab();
  const client = new pg.Client(lab.database.connections.superuser);
  await client.connect();
  const count = async (): Promise<number> =>
    (await client.query<{ count: number }>('execute folders')).rows[0]?.count ?? -1;
  try {
    await client.query('set plan_cache_mode = force_generic_plan');
    await client.query('prepare folders as select count(distinct tenant_id)::int as count from lab.folder');
    assert.equal(await count(), 2);
    await client.query('set role bulkhead_app');
    assert.equal(await count(), 0);
    await client.query(`select set_config('bulkhead.context', $1, false)`, [
      contextToken('own', lab.sealers),
    ]);
    assert.equal(await count(), 1);
    await client.query('reset role');
    assert.equal(await count(), 2);
  } finally {
    await client.end();
    await lab.database.drop();
  }
});
