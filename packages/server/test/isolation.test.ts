import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantCounters } from '@bulkhead/kernel';
import pg from 'pg';
import { FigureRecorder } from '../src/isolation/recorder.ts';
import type { AttackEngine } from '../src/index.ts';
import { asRole, openServer, send, signUp, type Fixture, type Person } from './fixture.ts';

type Figures = {
  statements: number;
  refusals: number;
  crossTenantRows: number;
  rows: number;
  attack: string;
};

let fixture: Fixture;
let one: Person;
let two: Person;
let release = Promise.withResolvers<void>();
let ended = 0;
/** Milliseconds by which the server is ahead. */
let skew = 0;

const attack: AttackEngine = async ({ onProgress, signal }) => {
  onProgress({ type: 'progress', done: 0, total: 1, table: 'shop.item' });
  const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  await Promise.race([release.promise, left]);
  ended += 1;
  return { type: 'done', role: 'bulkhead_app', seconds: 0, attacks: [], cells: [], unseen: [] };
};

before(async () => {
  fixture = await openServer([], { server: { attack, clock: () => Date.now() + skew } });
  one = await signUp(fixture.url);
  two = await signUp(fixture.url);
});
after(() => fixture.close());

const figures = async ({ cookie, tenant }: Person): Promise<Figures> => {
  const { status, text, json } = await send(fixture.url, '/api/isolation', { cookie, tenant });
  assert.equal(status, 200, text);
  return json as Figures;
};

const today = () => new Date().toISOString().slice(0, 10);

/** What a pool would have counted. */
function counting() {
  let next = new Map<string, TenantCounters>();
  const add = (tenant: string, statements: number, refusals = 0) =>
    next.set(tenant, { statements, refusals, crossTenantRows: 0 });
  const takeTenantCounters = () => {
    const taken = next;
    next = new Map();
    return taken;
  };
  return { add, tenants: { takeTenantCounters } };
}

async function recorded(tenant: string): Promise<{ statements: number; servers: number }> {
  const { rows } = await asRole(fixture.database, 'superuser', (client) =>
    client.query<{ statements: number; servers: number }>(
      `select coalesce(sum(statements), 0)::integer as statements, count(distinct server_id)::integer as servers
       from tenants.isolation_figure where tenant_id = $1`,
      [tenant],
    ),
  );
  return rows[0] ?? { statements: 0, servers: 0 };
}

describe('figures of isolation (ISO-10)', () => {
  test('add up over servers and restarts, and a write whose answer was lost adds nothing', async () => {
    const tenant = '7f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11';
    const worker = new pg.Pool({ ...fixture.database.connections.worker, max: 1 });
    const clock = Date.now;
    try {
      const first = counting();
      let lose = false;
      const flaky = {
        query: async (text: string, values: unknown[]) => {
          const result = await worker.query(text, values);
          if (lose) throw new Error('the answer was lost');
          return result;
        },
      } as Pick<pg.Pool, 'query'>;
      const recorder = new FigureRecorder({ tenants: first.tenants, worker: flaky, clock });
      first.add(tenant, 5);
      lose = true;
      await assert.rejects(recorder.flush(), /lost/);
      lose = false;
      await recorder.flush();
      await recorder.flush();
      assert.deepEqual(await recorded(tenant), { statements: 5, servers: 1 });
      first.add(tenant, 2);
      await recorder.flush();
      assert.deepEqual(await recorded(tenant), { statements: 7, servers: 1 });

      const second = counting();
      const restarted = new FigureRecorder({ tenants: second.tenants, worker, clock });
      second.add(tenant, 10);
      await Promise.all([restarted.flush(), recorder.flush()]);
      assert.deepEqual(await recorded(tenant), { statements: 17, servers: 2 });
    } finally {
      await worker.end();
    }
  });

  test('a day ends at midnight UTC', async () => {
    const tenant = '8f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a12';
    const worker = new pg.Pool({ ...fixture.database.connections.worker, max: 1 });
    try {
      let now = Date.parse('2031-05-06T23:59:59Z');
      const counted = counting();
      const recorder = new FigureRecorder({ tenants: counted.tenants, worker, clock: () => now });
      counted.add(tenant, 3);
      await recorder.flush();
      now += 2000;
      counted.add(tenant, 4);
      await recorder.flush();
      const { rows } = await worker.query(
        `select statements::integer from tenants.all_isolation('2031-05-06') where tenant = $1
         union all select statements::integer from tenants.all_isolation('2031-05-07') where tenant = $1`,
        [tenant],
      );
      assert.deepEqual(rows, [{ statements: 3 }, { statements: 4 }]);
    } finally {
      await worker.end();
    }
  });

  test('a tenant sees its own statements, refusals and rows, and no other’s', async () => {
    const own = new pg.Pool({ ...fixture.database.connections.worker, max: 1 });
    try {
      const counted = counting();
      const recorder = new FigureRecorder({ tenants: counted.tenants, worker: own, clock: Date.now });
      const earlier = await figures(two);
      counted.add(one.tenant, 1_000_000, 3);
      await recorder.flush();
      const mine = await figures(one);
      assert.ok(mine.statements >= 1_000_000);
      assert.ok(mine.refusals >= 3);
      assert.equal(mine.crossTenantRows, 0);
      const theirs = await figures(two);
      assert.ok(theirs.statements < 1_000_000);
      assert.equal(theirs.refusals, earlier.refusals);
      // The tenant itself, its company, the owner's membership.
      assert.equal(theirs.rows, 3);
    } finally {
      await own.end();
    }
  });

  test('no runtime role reads the figures past the functions; the identity role runs none of them', async () => {
    for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
      await asRole(fixture.database, role, (client) =>
        assert.rejects(client.query('select from tenants.isolation_figure'), { code: '42501' }, role),
      );
    }
    await asRole(fixture.database, 'app', async (client) => {
      await assert.rejects(client.query('select tenants.all_isolation($1)', [today()]), { code: '42501' });
      await assert.rejects(
        client.query("select tenants.record_isolation(gen_random_uuid(), now()::date, '[]')"),
        {
          code: '42501',
        },
      );
    });
  });

  test('all tenants are an operator’s to see', async () => {
    const call = { cookie: one.cookie };
    assert.equal((await send(fixture.url, '/api/isolation/tenants', call)).status, 403);
    await promote(one);
    const { status, json } = await send(fixture.url, '/api/isolation/tenants', call);
    assert.equal(status, 200);
    const tenants = json['tenants'] as { id: string; rows: number; name: string }[];
    const found = tenants.find(({ id }) => id === one.tenant);
    assert.equal(found?.rows, 3);
    assert.match(found.name, /^Tenant /);
  });
});

describe('the attack on the server’s own database (PRO-2)', () => {
  test('is an operator’s, one at a time, and ends when its reader leaves', async () => {
    const path = '/api/isolation/attack';
    assert.equal((await send(fixture.url, path, { cookie: two.cookie, json: {} })).status, 403);
    assert.equal((await figures(one)).attack, 'operators');
    const { cookie } = one;
    const reader = new AbortController();
    const response = await fetch(`${fixture.url}${path}`, {
      method: 'POST',
      signal: reader.signal,
      headers: {
        cookie,
        origin: fixture.url,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/json',
      },
      body: '{}',
    });
    const stream = response.body?.getReader();
    let told = '';
    // A comment may come first, which only keeps the connection open.
    while (stream !== undefined && !told.includes('data:')) {
      // oxlint-disable-next-line no-await-in-loop -- until the first event is there
      told += new TextDecoder().decode((await stream.read()).value);
    }
    assert.match(told, /shop\.item/);
    assert.equal((await send(fixture.url, path, { cookie, json: {} })).status, 409);
    reader.abort();
    await assert.rejects(async () => stream?.read());
    while (ended === 0) await new Promise((resolve) => setImmediate(resolve));
    release.resolve();
    const whole = await send(fixture.url, path, { cookie, json: {} });
    assert.equal(whole.status, 200);
    assert.match(whole.text, /"done"/);
    release = Promise.withResolvers<void>();
  });
});

async function promote({ email, account }: Person): Promise<void> {
  await asRole(fixture.database, 'superuser', (client) =>
    client.query('update identity.account set email_verified_at = now() where id = $1', [account]),
  );
  await asRole(fixture.database, 'owner', (client) =>
    client.query("select identity.promote_operator($1, 'for the test of figures')", [email]),
  );
  // A session is remembered for five seconds.
  skew += 6000;
}
