import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it, test } from 'node:test';
import { setTier } from '@bulkhead/platform/tenants';
import { missing } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { startRedis } from '../../../../test/harness/redis.ts';
import type { RedisServer } from '../../../../test/harness/redis.ts';
import { shippedCaps, TierReader } from '../../src/limits/tiers.ts';
import { asRole, cookieOf, goodPassword, send } from '../fixture.ts';
import { openLimited } from './fixture.ts';
import type { LimitedServers } from './fixture.ts';

const skip = missing('redis-server');
const account = { signInPerIp: 0, signInPerAccount: 0, read: 0, write: 0, heavy: 0 };

let redis: RedisServer;
before(async () => {
  if (skip === false) redis = await startRedis();
});
after(async () => {
  if (skip === false) await redis.kill();
});

type Caller = { cookie: string; tenant: string };

async function person({ database, urls }: LimitedServers): Promise<Caller> {
  const email = `${randomUUID()}@example.org`;
  const { tenantId } = await makePerson(database, {
    email,
    password: goodPassword,
    name: 'P',
    tenantName: 'T',
  });
  const answer = await send(urls[0] ?? '', '/api/session', { json: { email, password: goodPassword } });
  assert.equal(answer.status, 200, answer.text);
  return { cookie: cookieOf(answer), tenant: tenantId };
}

const tiers = async ({ database }: LimitedServers, text: string) => {
  await asRole(database, 'owner', (client) => client.query(text));
};
const bill = ({ database }: LimitedServers, tenantId: string, tier: string) =>
  asRole(database, 'worker', (client) =>
    setTier(
      { worker: client, sealer: database.sealer },
      { tenantId, tier, reason: 'paid', setter: { kind: 'job', id: randomUUID() } },
    ),
  );

async function reads(open: LimitedServers, caller: Caller, count: number) {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      send(open.urls[index % open.urls.length] ?? '', '/api/companies', caller),
    ),
  );
  const served = answers.filter(({ status }) => status === 200);
  const others = answers.filter(({ status }) => status !== 200 && status !== 429);
  assert.deepEqual(others, []);
  return { served: served.length, answers };
}

for (const store of ['Postgres', 'Redis'] as const) {
  describe(`a tenant’s tier, counted in ${store}`, { skip: store === 'Redis' ? skip : false }, () => {
    let open: LimitedServers;
    before(async () => {
      open = await openLimited({
        servers: 2,
        limits: account,
        ...(store === 'Redis' ? { redis: redis.url } : {}),
      });
      await tiers(open, `update tenants.tier set read_cap = 20, read_burst = 5 where name = 'standard'`);
      await tiers(open, `update tenants.tier set read_cap = 40, read_burst = 0 where name = 'business'`);
    });
    after(() => open.close());

    it('EDG-3 is one cap for all its people over all servers, and a burst beyond it', async () => {
      const [one, other] = [await person(open), await person(open)];
      const { served, answers } = await reads(open, one, 60);
      assert.equal(served, 25);
      const refused = answers.find(({ status }) => status === 429);
      assert.equal(
        refused?.headers.get('ratelimit-policy'),
        '"read-tenant";q=20;w=60, "read-tenant-burst";q=5;w=3600',
      );
      assert.match(
        refused.headers.get('ratelimit') ?? '',
        /^"read-tenant";r=0;t=\d+, "read-tenant-burst";r=0;t=\d+$/,
      );
      const wait = Number(refused.headers.get('retry-after'));
      assert.ok(wait >= 1 && wait <= 60, `${wait}: the minute, not the burst’s hour`);
      assert.match(refused.text, new RegExp(`Try again in ${wait} second`));
      assert.ok(answers.every(({ status, headers }) => (status === 429) === headers.has('retry-after')));
      assert.equal((await reads(open, other, 5)).served, 5, 'another tenant');
    });

    it('EDG-3 is another within 30 seconds of being set', async () => {
      const caller = await person(open);
      assert.equal((await reads(open, caller, 10)).served, 10);
      assert.equal(await bill(open, caller.tenant, 'business'), 'business');
      assert.equal((await reads(open, caller, 30)).served, 15, 'still the old one');
      open.advance(31_000);
      const [soon] = (await reads(open, caller, 1)).answers;
      assert.equal(soon?.headers.get('ratelimit-policy'), '"read-tenant";q=40;w=60');
      if (store === 'Redis') return; // whose windows keep a clock of their own
      open.advance(30_000);
      assert.equal((await reads(open, caller, 50)).served, 40, 'and whole in the next window');
    });
  });
}

test('EDG-3 what the configuration says of every tenant stands above its tier', async () => {
  const open = await openLimited({ limits: { ...account, readPerTenant: 7 } });
  try {
    assert.equal((await reads(open, await person(open), 20)).served, 7);
  } finally {
    await open.close();
  }
});

describe('a tier that cannot be read (EDG-3)', () => {
  const failing = { query: () => Promise.reject(new Error('no database')) };
  function reader() {
    let now = 0;
    const faults: unknown[] = [];
    const read = new TierReader({ clock: () => now, onFault: (error) => void faults.push(error) });
    return { read, faults, advance: (milliseconds: number) => void (now += milliseconds) };
  }
  const row = { title: 'T', members: null, api_keys: null, webhook_endpoints: null };
  const caps = (cap: number) => ({
    read_cap: cap,
    read_burst: 0,
    write_cap: cap,
    write_burst: 0,
    heavy_cap: cap,
    heavy_burst: 0,
  });
  const answering = (...rows: object[]) => ({
    asked: 0,
    query<Row>() {
      this.asked += 1;
      return Promise.resolve({ rows: rows as Row[], rowCount: rows.length });
    },
  });

  it('is the default’s as shipped, and is asked for again after five seconds', async () => {
    const { read, faults, advance } = reader();
    assert.equal(await read.capsOf('a', failing), shippedCaps);
    const back = answering({ own: true, name: 'free', ...row, ...caps(3) });
    assert.equal(await read.capsOf('a', back), shippedCaps);
    advance(5000);
    assert.equal((await read.capsOf('a', back)).read.cap, 3);
    assert.deepEqual([back.asked, faults.length], [1, 1]);
  });

  it('is the default’s as it was last read', async () => {
    const { read } = reader();
    const rows = [
      { own: true, name: 'enterprise', ...row, ...caps(900) },
      { own: false, name: 'free', ...row, ...caps(3) },
    ];
    assert.equal((await read.capsOf('a', answering(...rows))).read.cap, 900);
    assert.equal((await read.capsOf('b', failing)).read.cap, 3);
  });

  it('is the default’s where the tenant was given none and there is no default', async () => {
    const { read } = reader();
    assert.equal(await read.capsOf('a', answering()), shippedCaps);
  });

  it('is read once for all who wait for it, and for half a minute', async () => {
    const { read, advance } = reader();
    const session = answering({ own: true, name: 'free', ...row, ...caps(3) });
    await Promise.all(Array.from({ length: 50 }, () => read.capsOf('a', session)));
    advance(29_999);
    await read.capsOf('a', session);
    assert.equal(session.asked, 1);
    advance(1);
    await read.capsOf('a', session);
    assert.equal(session.asked, 2);
  });

  it('is shipped as the database has it', async () => {
    const open = await openLimited({});
    try {
      const { rows } = await asRole(open.database, 'owner', (client) =>
        client.query('select * from tenants.tier where is_default'),
      );
      assert.partialDeepStrictEqual(rows, [
        {
          name: 'standard',
          read_cap: shippedCaps.read.cap,
          read_burst: shippedCaps.read.burst,
          write_cap: shippedCaps.write.cap,
          write_burst: shippedCaps.write.burst,
          heavy_cap: shippedCaps.heavy.cap,
          heavy_burst: shippedCaps.heavy.burst,
        },
      ]);
    } finally {
      await open.close();
    }
  });
});
