import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { send } from '../../../packages/server/test/fixture.ts';
import { checkConfig } from '../../../packages/server/src/config/load.ts';
import { createLab } from '../src/index.ts';
import { injections, type Injection } from './injections.ts';
import { openLabWorld, type LabWorld } from './openWorld.ts';

let world: LabWorld;
before(async () => {
  world = await openLabWorld();
});
after(() => world.close());

const theirSecret = (): string => world.secrets.get(world.victim.tenant) ?? 'missing';
const ownSecret = (): string => world.secrets.get(world.visitor.tenant) ?? 'missing';

/** The table is declared before any tenant is there. */
const placeholders = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
] as const;
const actual = (text: string): string =>
  text.replaceAll(placeholders[0], world.visitor.tenant).replaceAll(placeholders[1], world.victim.tenant);

function assertSealed({ sealed }: Injection, answer: Awaited<ReturnType<LabWorld['attempt']>>): void {
  const { outcome, foreignSecrets } = answer;
  assert.equal(foreignSecrets, 0);
  assert.ok(!JSON.stringify(answer).includes(theirSecret()), JSON.stringify(answer));
  if (sealed === 'own' || sealed === 'none') {
    assert.equal(outcome.kind, 'rows', JSON.stringify(outcome));
    const own = JSON.stringify(outcome).includes(ownSecret());
    assert.equal(own, sealed === 'own', JSON.stringify(outcome));
  } else if (sealed === 'stopped') {
    assert.deepEqual(outcome, { kind: 'stopped', reason: 'size' });
  } else {
    assert.ok(outcome.kind === 'refused' || outcome.kind === 'error', JSON.stringify(outcome));
    assert.equal(outcome.sqlstate, sealed);
    assert.equal(outcome.kind, sealed === '42501' ? 'refused' : 'error');
  }
}

describe('injections into the lab’s query (PRO-5, ISO-2, T-19)', () => {
  for (const injection of injections(...placeholders)) {
    test(`${injection.name}: the protected table gives nothing of another tenant's away`, async () => {
      assertSealed(injection, await world.attempt(actual(injection.text), 'sealed'));
    });
    test(`${injection.name}: the copy behind a plain setting ${injection.leaks ? 'leaks' : 'holds'}`, async () => {
      const answer = await world.attempt(actual(injection.text), 'plain');
      assert.equal(
        JSON.stringify(answer.outcome).includes(theirSecret()),
        injection.leaks,
        JSON.stringify(answer),
      );
      assert.equal(answer.foreignSecrets, injection.leaks ? 1 : 0);
    });
  }
});

describe('the lab (PRO-5)', () => {
  test('mutation: with row security off, the same injections leak and are counted', async () => {
    const tautology = "' or true --";
    await world.asSuperuser('alter table lab.secret disable row level security');
    try {
      const answer = await world.attempt(tautology, 'sealed');
      assert.ok(JSON.stringify(answer.outcome).includes(theirSecret()));
      assert.equal(answer.foreignSecrets, 1);
      assert.equal((await world.read()).tally.sealed.foreignSecrets, 1);
    } finally {
      await world.asSuperuser('alter table lab.secret enable row level security');
    }
    assert.equal((await world.attempt(tautology, 'sealed')).foreignSecrets, 0);
    await world.asSuperuser('delete from lab.attempt where foreign_secrets > 0');
  });

  test('mutation: with the seal unverified, rewriting the context leaks', async () => {
    const become = actual(
      `' union all select s.title, s.secret from (select set_config('bulkhead.context', replace(current_setting('bulkhead.context', true), '${placeholders[0]}', '${placeholders[1]}'), true) as x offset 0) c, lateral (select title, secret from lab.secret where c.x is not null offset 0) s --`,
    );
    const [{ body } = { body: '' }] = await world.asSuperuser<{ body: string }>(
      `select pg_get_functiondef('bulkhead.verified_context()'::regprocedure) as body`,
    );
    await world.asSuperuser(
      `create or replace function bulkhead.verified_context() returns text language plpgsql volatile
       as $$ begin return current_setting('bulkhead.context', true); end $$;
       create or replace function bulkhead.tenant_id() returns uuid language sql volatile
       as $$ select split_part(bulkhead.verified_context(), '.', 4)::uuid $$`,
    );
    try {
      await world.asSuperuser(`drop policy bulkhead_tenant on lab.secret;
        create policy bulkhead_tenant on lab.secret as restrictive using (tenant_id = bulkhead.tenant_id())`);
      assert.equal((await world.attempt(become, 'sealed')).foreignSecrets, 1);
    } finally {
      await world.asSuperuser(`${body};
        create or replace function bulkhead.tenant_id() returns uuid language sql stable parallel safe
        return split_part(bulkhead.verified_context(), '.', 4)::uuid;
        select bulkhead.protect_table('lab.secret', 'tenant', '{"write": "none", "audit": false}')`);
    }
    const after = await world.attempt(become, 'sealed');
    assert.deepEqual([after.outcome.kind, after.foreignSecrets], ['refused', 0]);
    await world.asSuperuser('delete from lab.attempt where foreign_secrets > 0');
  });

  test('nothing stays: neither settings nor locks nor rows, and the next attempt starts clean', async () => {
    await world.attempt(
      "' union all select set_config('app.tenant', 'left behind', false), pg_advisory_lock(7)::text --",
      'sealed',
    );
    const answer = await world.attempt(
      "' union all select current_setting('app.tenant', true), '' --",
      'sealed',
    );
    assert.equal(answer.outcome.kind, 'rows');
    assert.ok(!JSON.stringify(answer.outcome).includes('left behind'));
    const held = await world.asSuperuser(`select from pg_locks where locktype = 'advisory' and objid = 7`);
    assert.deepEqual(held, []);
    const sessions = await world.asSuperuser(
      `select from pg_stat_activity where application_name = 'bulkhead lab' and state <> 'idle'`,
    );
    assert.deepEqual(sessions, []);
  });

  test('rows beyond the limit are not read, and the page is told so', async () => {
    const { outcome } = await world.attempt(
      "' union all select 'x', i::text from generate_series(1, 500) i --",
      'sealed',
    );
    assert.equal(outcome.kind, 'rows');
    assert.deepEqual(outcome.kind === 'rows' && [outcome.rows.length, outcome.truncated], [50, true]);
  });

  test('every attempt is written down with who, what and what came of it, and the oldest go', async () => {
    const { visitor, victim, url } = world;
    await world.attempt("' or true --", 'sealed');
    const [latest] = (await world.read()).attempts;
    assert.equal(latest?.input, "' or true --");
    assert.deepEqual(
      [latest.outcome, latest.rows, latest.foreignSecrets, latest.sqlstate],
      ['rows', 1, 0, null],
    );
    await world.asSuperuser(
      `insert into lab.attempt (tenant_id, account_id, account_name, target, input, outcome, row_count, foreign_secrets)
       select '${visitor.tenant}', '${visitor.account}', 'x', 'sealed', 'old', 'rows', 0, 0 from generate_series(1, 600)`,
    );
    await world.attempt('one more', 'sealed');
    const [{ count } = { count: 0 }] = await world.asSuperuser<{ count: number }>(
      'select count(*)::integer from lab.attempt',
    );
    assert.equal(count, 500);
    const theirs = await send(url, '/api/lab/attempts', { cookie: victim.cookie, tenant: victim.tenant });
    assert.deepEqual(theirs.json['attempts'], []);
  });

  test('it needs a session, its permission, and a text that fits', async () => {
    const { url, visitor } = world;
    const path = '/api/lab/attempts';
    const json = { text: 'x', target: 'sealed' };
    assert.equal((await send(url, path, { json })).status, 401);
    const to = { cookie: visitor.cookie, tenant: visitor.tenant };
    assert.equal((await send(url, path, { ...to, json: { ...json, text: 'x'.repeat(2001) } })).status, 400);
    assert.equal((await send(url, path, { ...to, json: { ...json, text: 'a\0b' } })).status, 400);
    assert.equal((await send(url, path, { ...to, json: { ...json, target: 'owner' } })).status, 400);
    assert.equal((await send(url, path, { ...to, tenant: world.victim.tenant, json })).status, 403);
  });

  test('a third attempt at once is asked to wait', async () => {
    const { url, visitor } = world;
    const sleep = { text: "' union all select 'x', pg_sleep(1)::text --", target: 'sealed' };
    const call = { cookie: visitor.cookie, tenant: visitor.tenant, json: sleep };
    const answers = await Promise.all([1, 2, 3].map(() => send(url, '/api/lab/attempts', call)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((left, right) => left - right),
      [200, 200, 503],
    );
  });

  test('the copy’s role reaches no other database and may change nothing', async () => {
    const { administrator, copy } = world;
    const role = { ...administrator, user: 'bulkhead_lab', password: 'a password of the copy alone' };
    await assert.rejects(runAs({ ...role }, 'select 1'), { code: '42501' });
    const statements = [
      'delete from lab.secret',
      'create table lab.x ()',
      'create temp table x ()',
      'do $$ begin end $$',
    ];
    for (const statement of statements) {
      await assert.rejects(runAs({ ...role, database: copy }, statement), { code: '42501' }, statement);
    }
  });
});

describe('where the lab may be (PRO-5)', () => {
  const refused: [string, object][] = [
    ['another address to listen on', { host: '0.0.0.0' }],
    ['a public address', { publicUrl: 'https://app.example.com' }],
    ['a proxy in front', { trustedProxies: ['10.0.0.0/8'] }],
  ];
  for (const [name, http] of refused) {
    test(`lab.enabled is refused with ${name}`, () => {
      const secret = 'vR7-kQ2-mX9-tB4-wZ1';
      const key = '8f3a1c5e7b9d0246f1e3d5c7b9a80214365870fa1b2c3d4e5f60718293a4b5c6';
      const tree = (enabled: boolean) => ({
        http,
        database: { appPassword: secret, identityPassword: secret },
        context: { keyId: '0a1b2c3d', key },
        encryption: { keyId: '0a1b2c3d', key },
        lab: { enabled },
      });
      assert.equal(checkConfig(tree(false)).lab.enabled, false);
      assert.throws(
        () => checkConfig(tree(true)),
        (error: { problems?: { setting: string }[] }) => error.problems?.[0]?.setting === 'lab.enabled',
      );
    });
  }

  test('without lab.enabled there is no lab', () => {
    const { sealer, connections } = world.database;
    const options = { app: connections.app, sealer, secrets: new Map<string, string>() };
    assert.throws(() => createLab({ ...options, config: { lab: { enabled: false } } }), /lab is off/);
  });
});

/**
 * Why the lab offers no mode of several statements: `commit` ends the transaction that would be rolled back, a DO block can
 * catch the time limit. Isolation holds all the same, as these show on the database itself.
 */
describe('several statements at once, which the lab does not offer (ISO-2, T-20)', () => {
  const flights: { name: string; sql: (theirs: string) => string }[] = [
    { name: 'commit, then read', sql: () => 'commit; select secret from lab.secret' },
    { name: 'rollback, then read', sql: () => 'rollback; select secret from lab.secret' },
    {
      name: 'commit, then a context made up',
      sql: (theirs) =>
        `commit; select set_config('bulkhead.context', 'bh1.00000000.9999999999.${theirs}.*.account.${theirs}.-.${'0'.repeat(64)}', false); select secret from lab.secret`,
    },
    {
      name: 'commit, then the role',
      sql: () => 'commit; set role bulkhead_owner; select secret from lab.secret',
    },
    {
      name: 'commit, then row security off',
      sql: () => 'commit; set row_security = off; select secret from lab.secret',
    },
    {
      name: 'a block that tries',
      sql: (theirs) =>
        `do $$ begin perform set_config('bulkhead.context', '${theirs}', true); perform secret from lab.secret; exception when others then null; end $$; select secret from lab.secret`,
    },
    {
      name: 'a prepared statement kept',
      sql: () => 'prepare p as select secret from lab.secret; commit; execute p',
    },
    {
      name: 'a cursor held',
      sql: () =>
        'declare c cursor with hold for select secret from lab.secret where tenant_id <> bulkhead.tenant_id(); commit; fetch all from c',
    },
    {
      name: 'policies dropped',
      sql: () => 'commit; drop policy bulkhead_tenant on lab.secret; select secret from lab.secret',
    },
    {
      name: 'the table read through a function',
      sql: () =>
        'commit; create function pg_temp.f() returns setof text language sql security definer as $$ select secret from lab.secret $$; select pg_temp.f()',
    },
  ];
  for (const { name, sql } of flights) {
    test(`${name}: no other tenant's secret`, async () => {
      const { database, visitor, victim } = world;
      const client = new pg.Client(database.connections.app);
      await client.connect();
      try {
        await client.query('begin');
        const token = database.sealer.seal({
          tenant: visitor.tenant,
          actor: { kind: 'account', id: visitor.account },
        });
        await client.query("select set_config('bulkhead.context', $1, true)", [token]);
        const said = await client.query(sql(victim.tenant)).then(
          (results) => JSON.stringify(results),
          (error: unknown) => String(error),
        );
        assert.ok(!said.includes(theirSecret()), said);
      } finally {
        await client.end();
      }
    });
  }
});

async function runAs(connection: pg.ClientConfig, statement: string): Promise<void> {
  const client = new pg.Client(connection);
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}
