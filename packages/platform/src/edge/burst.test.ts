import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { CountingStore } from '../../test/limitStore.ts';
import { takeWithBurst } from './burst.ts';
import { limitHeaders } from './headers.ts';
import type { BurstLimit } from './limit.ts';
import { Limiter } from './limiter.ts';

const secret = Buffer.alloc(32, 7);
const tier: BurstLimit & { burst: object } = {
  limit: { name: 'read-tenant', cap: 10, seconds: 60 },
  burst: { name: 'read-tenant-burst', cap: 4, seconds: 3600 },
};

function open(servers = 1) {
  const store = new CountingStore();
  const limiters = Array.from(
    { length: servers },
    () => new Limiter({ store, secret, servers, clock: () => store.now }),
  );
  const take = (server = 0, limits: BurstLimit = tier) =>
    takeWithBurst(limiters[server % servers] ?? assert.fail(), limits, 'tenant 1');
  return { store, limiters, take };
}

async function flood(take: () => ReturnType<typeof takeWithBurst>, count: number): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: count }, () => take()));
  return verdicts.filter(([verdict]) => verdict.admitted).length;
}

describe('a limit with a burst (EDG-3)', () => {
  it('admits the burst once an hour, beyond each minute’s cap', async () => {
    const { store, take } = open();
    assert.equal(await flood(take, 30), 14);
    store.now += 60_000;
    assert.equal(await flood(take, 30), 10, 'the burst is used up');
    store.now += 3_540_000;
    assert.equal(await flood(take, 30), 14, 'the next hour has another');
  });

  it('does not touch the burst while the cap suffices', async () => {
    const { store, take } = open();
    for (let minute = 0; minute < 5; minute += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one minute after the other
      assert.equal(await flood(take, 10), 10);
      store.now += 60_000;
    }
    assert.equal(await flood(take, 30), 14);
  });

  it('says in headers what is left of each, and to try again when either does (draft-ietf-httpapi-ratelimit-headers-10)', async () => {
    const { store, take } = open();
    assert.deepEqual(limitHeaders(await take()), {
      'ratelimit-policy': '"read-tenant";q=10;w=60',
      ratelimit: '"read-tenant";r=9;t=60',
    });
    await flood(take, 9);
    const policies = '"read-tenant";q=10;w=60, "read-tenant-burst";q=4;w=3600';
    assert.deepEqual(limitHeaders(await take()), {
      'ratelimit-policy': policies,
      ratelimit: '"read-tenant";r=0;t=60, "read-tenant-burst";r=3;t=3600',
    });
    await flood(take, 3);
    store.now += 20_000;
    assert.deepEqual(limitHeaders(await take()), {
      'ratelimit-policy': policies,
      ratelimit: '"read-tenant";r=0;t=40, "read-tenant-burst";r=0;t=3580',
      'retry-after': '40',
    });
    store.now += 3_550_000;
    await flood(take, 10);
    assert.equal(limitHeaders(await take())['retry-after'], '30', 'the hour ends before the minute');
  });

  it('holds a tier that was changed to the new one’s caps, counting what was taken', async () => {
    const { take } = open();
    assert.equal(await flood(take, 8), 8);
    const smaller: BurstLimit = { limit: { ...tier.limit, cap: 9 }, burst: undefined };
    assert.equal(await flood(() => take(0, smaller), 8), 1);
    const larger: BurstLimit = { limit: { ...tier.limit, cap: 12 }, burst: undefined };
    assert.ok((await flood(() => take(0, larger), 8)) <= 3);
  });

  it('stays closed while the store is away: each server its part of both', async () => {
    const { store, take } = open(2);
    store.away = true;
    assert.equal(await flood(() => take(0), 100), 7);
    assert.equal(await flood(() => take(1), 100), 7);
  });
});

const step = fc.record({
  server: fc.nat(3),
  requests: fc.integer({ min: 1, max: 60 }),
  pass: fc.oneof(fc.nat(2000), fc.nat(90_000), fc.nat(1_800_000)),
});

/** What each window of the store admitted, by the limit that did. */
async function play(
  take: typeof takeWithBurst,
  limits: BurstLimit & { burst: object },
  { servers, steps }: { servers: number; steps: { server: number; requests: number; pass: number }[] },
): Promise<Map<string, number>> {
  const { store, limiters } = open(servers);
  const admitted = new Map<string, number>();
  for (const { server, requests, pass } of steps) {
    const limiter = limiters[server % servers] ?? assert.fail();
    // oxlint-disable-next-line no-await-in-loop -- in this order
    const taken = await Promise.all(
      Array.from({ length: requests }, () => take(limiter, limits, 'tenant 1')),
    );
    for (const verdicts of taken) {
      const by = verdicts.at(-1);
      if (by?.admitted !== true) continue;
      const window = `${by.limit.name} ${store.now + by.resetsIn}`;
      admitted.set(window, (admitted.get(window) ?? 0) + 1);
    }
    store.now += pass;
  }
  return admitted;
}

const cases = fc.record({
  servers: fc.integer({ min: 1, max: 4 }),
  cap: fc.integer({ min: 1, max: 120 }),
  burst: fc.integer({ min: 1, max: 200 }),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

test('EDG-3 property: no window admits more than its cap, nor a burst more than its own', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ servers, cap, burst, steps }) => {
      const limits = {
        limit: { ...tier.limit, cap },
        burst: { name: 'read-tenant-burst', seconds: 3600, cap: burst },
      };
      const admitted = await play(takeWithBurst, limits, { servers, steps });
      for (const [window, count] of admitted) {
        const most = window.startsWith('read-tenant-burst') ? burst : cap;
        assert.ok(count <= most, `${window}: ${count} of ${most}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('EDG-3 mutation: a burst that is counted by nobody gives more than its cap', async () => {
  const generous: typeof takeWithBurst = async (limiter, { limit, burst = limit }, caller) => {
    const verdict = await limiter.take(limit, caller);
    return verdict.admitted ? [verdict] : [verdict, { ...verdict, limit: burst, admitted: true }];
  };
  const limits = { ...tier, burst: { name: 'read-tenant-burst', seconds: 3600, cap: 4 } };
  const admitted = await play(generous, limits, {
    servers: 1,
    steps: [{ server: 0, requests: 30, pass: 0 }],
  });
  assert.ok(Math.max(...admitted.values()) > 10, JSON.stringify([...admitted]));
});
