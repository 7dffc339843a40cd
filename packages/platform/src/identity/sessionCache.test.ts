import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Session } from './session.ts';
import { SessionCache } from './sessionCache.ts';

const key = (n: number): Buffer => Buffer.alloc(32, n);
const session = (accountId: string): Session => ({
  id: `session of ${accountId}`,
  account: { id: accountId, email: '', emailVerified: true, name: '', operator: false },
  memberships: [],
  createdAt: new Date(0),
  idleExpiresAt: new Date(0),
  absoluteExpiresAt: new Date(0),
  authenticatedAt: new Date(0),
  methods: [],
  acr: null,
  confinedTo: null,
});

/** A loader that counts its calls. */
function loader(found: Session | null): { load: () => Promise<Session | null>; calls: () => number } {
  let calls = 0;
  return { load: () => Promise.resolve(((calls += 1), found)), calls: () => calls };
}

describe('SessionCache', () => {
  it('looks up once per lifetime, and again after it', async () => {
    let now = 0;
    const cache = new SessionCache({ clock: () => now, lifetime: 5000 });
    const { load, calls } = loader(session('a'));
    await Promise.all([cache.read(key(1), load), cache.read(key(1), load)]);
    now = 4999;
    await cache.read(key(1), load);
    assert.equal(calls(), 1);
    now = 5000;
    await cache.read(key(1), load);
    assert.equal(calls(), 2);
  });

  it('keeps the most recently used up to its capacity, and no absent session', async () => {
    const cache = new SessionCache({ clock: () => 0, capacity: 2 });
    const loaders = [1, 2, 3].map((n) => loader(session(String(n))));
    const read = (n: number): Promise<Session | null> =>
      cache.read(key(n), loaders[n - 1]?.load ?? assert.fail());
    for (const n of [1, 2, 1, 3, 1, 2]) await read(n);
    assert.deepEqual(
      loaders.map(({ calls }) => calls()),
      [1, 2, 1],
    );
    const absent = loader(null);
    for (let n = 10; n < 20; n += 1) await cache.read(key(n), absent.load);
    assert.ok(cache.size <= 2);
    assert.equal(await cache.read(key(10), absent.load), null);
    assert.equal(absent.calls(), 11);
  });

  it('forgets one session or all of an account', async () => {
    const cache = new SessionCache({ clock: () => 0 });
    const [a, b] = [loader(session('a')), loader(session('b'))];
    await cache.read(key(1), a.load);
    await cache.read(key(2), b.load);
    cache.forget(key(2));
    cache.forgetAccount('a');
    assert.equal(cache.size, 0);
  });

  it('does not keep a look-up that was under way when its session was forgotten', async () => {
    const cache = new SessionCache({ clock: () => 0 });
    for (const forget of [() => cache.forget(key(1)), () => cache.forgetAccount('a')]) {
      const { promise, resolve } = Promise.withResolvers<Session | null>();
      const stale = cache.read(key(1), () => promise);
      forget();
      resolve(session('a'));
      await stale;
      assert.equal(await cache.read(key(1), () => Promise.resolve(null)), null);
    }
  });

  it('throws a failed look-up on to all who wait, and does not keep it', async () => {
    const cache = new SessionCache({ clock: () => 0 });
    const failing = (): Promise<null> => Promise.reject(new Error('the database is away'));
    const waiting = [cache.read(key(1), failing), cache.read(key(1), failing)];
    for (const outcome of await Promise.allSettled(waiting)) assert.equal(outcome.status, 'rejected');
    assert.equal((await cache.read(key(1), loader(session('a')).load))?.account.id, 'a');
  });
});
