import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Limiter } from '@bulkhead/platform/edge';
import type { Limit, Verdict } from '@bulkhead/platform/edge';
import { missing } from '../../../../test/harness/index.ts';
import { startRedis } from '../../../../test/harness/redis.ts';
import type { RedisServer } from '../../../../test/harness/redis.ts';
import { redisStore } from '../../src/limits/redisStore.ts';
import type { RedisStore } from '../../src/limits/redisStore.ts';
import { send } from '../fixture.ts';
import { openLimited } from './fixture.ts';

const skip = missing('redis-server');
const limit: Limit = { name: 'sign-in', cap: 10, seconds: 60 };
const secret = Buffer.alloc(32, 7);

let redis: RedisServer;
before(async () => {
  if (skip === false) redis = await startRedis();
});
after(async () => {
  if (skip === false) await redis.kill();
});

type Opened = {
  limiters: Limiter[];
  stores: RedisStore[];
  lost: () => Promise<void>;
  back: () => Promise<void>;
};

/** Limiters of several servers, and ways to wait until all of them have noticed a change. */
async function open(servers: number): Promise<Opened> {
  const stores: RedisStore[] = [];
  const limiters: Limiter[] = [];
  let losses = new Set<number>();
  let wake = (): void => {};
  for (let index = 0; index < servers; index += 1) {
    const store = redisStore({
      url: redis.url,
      timeout: 2000,
      onLost: (error) => {
        limiters[index]?.storeLost(error);
        losses.add(index);
        wake();
      },
    });
    stores.push(store);
    limiters.push(new Limiter({ store, secret, servers, clock: Date.now }));
  }
  const lost = async () => {
    while (losses.size < servers) {
      // oxlint-disable-next-line no-await-in-loop -- until each connection has broken
      await new Promise<void>((resolve) => void (wake = resolve));
    }
    losses = new Set();
  };
  const back = async () => {
    await Promise.all(stores.map(reached));
    losses = new Set();
  };
  await back();
  return { limiters, stores, lost, back };
}

async function reached(store: RedisStore): Promise<void> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- until it answers
      await store.take(Buffer.from(randomUUID()), 1, limit);
      return;
    } catch {
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const admitted = (verdicts: readonly Verdict[]) => verdicts.filter((verdict) => verdict.admitted).length;

async function flood(limiters: readonly Limiter[], caller: string): Promise<number> {
  const floods = limiters.map((limiter) =>
    Promise.all(Array.from({ length: 30 }, () => limiter.take(limit, caller))),
  );
  return admitted((await Promise.all(floods)).flat());
}

test('EDG-2 Redis counts for all servers at once', { skip }, async () => {
  const { limiters, stores } = await open(3);
  assert.equal(await flood(limiters, randomUUID()), 10);
  for (const store of stores) store.close();
});

test(
  'EDG-2 Redis killed and restarted empty under load: never wider than twice the cap',
  { skip },
  async () => {
    const { limiters, stores, lost, back } = await open(3);
    const caller = randomUUID();
    let total = await flood(limiters, caller);
    assert.equal(total, 10);
    for (let round = 0; round < 2; round += 1) {
      const underLoad = flood(limiters, caller);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await Promise.all([redis.kill(), lost()]);
      // oxlint-disable-next-line no-await-in-loop
      total += (await underLoad) + (await flood(limiters, caller));
      const meanwhile = flood(limiters, caller);
      // oxlint-disable-next-line no-await-in-loop
      await redis.restart();
      // oxlint-disable-next-line no-await-in-loop
      await back();
      // oxlint-disable-next-line no-await-in-loop
      total += (await meanwhile) + (await flood(limiters, caller));
    }
    assert.ok(total <= 20, `${total} admitted, of a cap of 10`);
    for (const store of stores) store.close();
  },
);

test(
  'EDG-2 mutation: a server that trusts Redis alone opens the limit once for each restart',
  { skip },
  async () => {
    const { stores, back } = await open(1);
    const [store] = stores;
    assert.ok(store);
    const caller = Buffer.from(randomUUID());
    let total = 0;
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 15; count += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        if ((await store.take(caller, 1, limit)).taken <= limit.cap) total += 1;
      }
      // oxlint-disable-next-line no-await-in-loop
      await redis.kill();
      // oxlint-disable-next-line no-await-in-loop
      await redis.restart();
      // oxlint-disable-next-line no-await-in-loop
      await back();
    }
    store.close();
    assert.equal(total, 30);
  },
);

test(
  'EDG-2 AUT-3 sign-ins over two servers and Redis, and without it: closed, and the log says so',
  { skip },
  async () => {
    const limited = await openLimited({ servers: 2, redis: redis.url });
    const attempt = async (index: number): Promise<number> => {
      const answer = await send(limited.urls[index % 2] ?? '', '/api/session', {
        headers: { 'x-forwarded-for': '192.0.2.1' },
        json: { email: `${randomUUID()}@example.org`, password: 'wrong' },
      });
      return answer.status;
    };
    const round = async () => {
      const statuses = await Promise.all(Array.from({ length: 30 }, (_, index) => attempt(index)));
      return statuses.filter((status) => status === 401).length;
    };
    try {
      assert.equal(await round(), 10);
      assert.equal(limited.passwords.compared, 10);
      await redis.kill();
      const without = await round();
      assert.ok(without <= 10, `${without} more without Redis`);
      assert.equal(limited.passwords.compared, 10 + without);
      assert.equal(limited.log.filter((line) => line.includes('limits_store_away')).length, 2);
    } finally {
      await limited.close();
      await redis.restart();
    }
  },
);
