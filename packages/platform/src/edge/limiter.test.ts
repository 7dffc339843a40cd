import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { CountingStore as Store } from '../../test/limitStore.ts';
import { limitHeaders } from './headers.ts';
import type { Limit, Verdict } from './limit.ts';
import { Limiter } from './limiter.ts';

const secret = Buffer.alloc(32, 7);
const limit: Limit = { name: 'sign-in', cap: 10, seconds: 60 };

function open(servers: number) {
  const store = new Store();
  const limiters = Array.from(
    { length: servers },
    () => new Limiter({ store, secret, servers, clock: () => store.now }),
  );
  const [first] = limiters;
  if (first === undefined) throw new Error('no server');
  return { store, limiters, first };
}

const admitted = (verdicts: readonly Verdict[]) => verdicts.filter((verdict) => verdict.admitted).length;
const home = 'ip 192.0.2.1';
const flood = (limiter: Limiter, count: number, caller = home) =>
  Promise.all(Array.from({ length: count }, () => limiter.take(limit, caller)));

describe('a limit shared by servers (EDG-2, AUT-3)', () => {
  it('admits its cap over all servers, however many ask at once, and again in the next window', async () => {
    const { store, limiters } = open(3);
    const floods = await Promise.all(limiters.map((limiter) => flood(limiter, 20)));
    assert.equal(admitted(floods.flat()), 10);
    store.now += 60_000;
    const again = await Promise.all(limiters.map((limiter) => flood(limiter, 20)));
    assert.equal(admitted(again.flat()), 10);
  });

  it('counts each caller and each limit apart', async () => {
    const { first } = open(1);
    assert.equal(admitted(await flood(first, 11)), 10);
    assert.equal(admitted(await flood(first, 1, 'ip 192.0.2.2')), 1);
    assert.equal((await first.take({ ...limit, name: 'forgot' }, home)).admitted, true);
  });

  it('asks the store no more once it knows that the window is used up', async () => {
    const { store, first } = open(1);
    await flood(first, 11);
    const { asked } = store;
    assert.equal(admitted(await flood(first, 500)), 0);
    assert.equal(store.asked, asked);
  });

  it('takes large caps in portions, and admits not one more for it', async () => {
    const { store, limiters } = open(2);
    const wide = { name: 'read', cap: 1200, seconds: 60 };
    const floods = await Promise.all(
      limiters.map((limiter) =>
        Promise.all(Array.from({ length: 1500 }, () => limiter.take(wide, 'account'))),
      ),
    );
    assert.equal(admitted(floods.flat()), 1200);
    assert.ok(store.asked <= 52, `${store.asked} questions for 3,000 requests`);
  });

  it('says in headers what is left, and when to try again (draft-ietf-httpapi-ratelimit-headers-10)', async () => {
    const { store, first } = open(1);
    assert.deepEqual(limitHeaders([await first.take(limit, 'a')]), {
      'ratelimit-policy': '"sign-in";q=10;w=60',
      ratelimit: '"sign-in";r=9;t=60',
    });
    await flood(first, 9, 'a');
    store.now += 30_500;
    assert.deepEqual(limitHeaders([await first.take(limit, 'a')]), {
      'ratelimit-policy': '"sign-in";q=10;w=60',
      ratelimit: '"sign-in";r=0;t=30',
      'retry-after': '30',
    });
  });
});

describe('while the store is away (EDG-2)', () => {
  it('each server admits its part, counting what it admitted before', async () => {
    const { store, limiters, first } = open(2);
    assert.equal(admitted(await flood(first, 4)), 4);
    store.away = true;
    assert.equal(admitted(await flood(first, 100)), 1, 'five are its part of ten');
    const [, second] = limiters;
    assert.ok(second);
    assert.equal(admitted(await flood(second, 100)), 5);
  });

  it('refuses outright what cannot be divided: never open', async () => {
    const { store, first } = open(4);
    store.away = true;
    const verdict = await first.take({ name: 'forgot', cap: 3, seconds: 3600 }, 'a');
    assert.equal(verdict.admitted, false);
  });

  it('asks again after a second, not with every request, and tells both changes once', async () => {
    const store = new Store();
    const told: boolean[] = [];
    const onStore = ({ away }: { away: boolean }) => void told.push(away);
    const limiter = new Limiter({ store, secret, onStore, clock: () => store.now });
    store.away = true;
    await flood(limiter, 100);
    await flood(limiter, 100, 'another');
    assert.equal(store.asked, 1);
    store.away = false;
    store.now += 1000;
    await limiter.take(limit, 'a third');
    assert.deepEqual([store.asked, told], [2, [true, false]]);
  });

  it('property: lost and back in any order, no window is wider than twice the cap', async () => {
    const step = fc.record({
      server: fc.nat(3),
      burst: fc.integer({ min: 1, max: 12 }),
      event: fc.constantFrom('none', 'none', 'away', 'back', 'lost'),
      pass: fc.nat(1500),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 30 }),
        async (servers, steps) => {
          const { store, limiters } = open(servers);
          let total = 0;
          for (const { server, burst, event, pass } of steps) {
            if (event === 'away') store.away = true;
            if (event === 'back') store.away = false;
            if (event === 'lost') store.lose();
            // Every server's connection breaks with the store.
            if (event !== 'none') for (const limiter of limiters) limiter.storeLost(new Error('lost'));
            const limiter = limiters[server % servers];
            // oxlint-disable-next-line no-await-in-loop -- in this order
            if (limiter !== undefined) total += admitted(await flood(limiter, burst));
            store.now += pass;
          }
          assert.ok(total <= 20, `${total} of 10`);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('EDG-2 mutation: a server that does not remember what it admitted opens a limit with every loss', async () => {
  const store = new Store();
  let total = 0;
  for (let loss = 0; loss < 5; loss += 1) {
    const forgetful = new Limiter({ store, secret, clock: () => store.now });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    total += admitted(await flood(forgetful, 20));
    store.lose();
  }
  assert.equal(total, 50);
});

test('EDG-2 callers past the capacity push out the first, not the store’s count', async () => {
  const store = new Store();
  const limiter = new Limiter({ store, secret, clock: () => store.now, capacity: 5 });
  await flood(limiter, 10, 'victim');
  for (let index = 0; index < 20; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await limiter.take(limit, `other ${index}`);
  }
  assert.equal((await limiter.take(limit, 'victim')).admitted, false);
});
