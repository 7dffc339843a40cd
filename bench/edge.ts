import { randomBytes, randomUUID } from 'node:crypto';
import { Limiter } from '../packages/platform/src/edge/index.ts';
import { configSchema } from '../packages/server/src/config/schema.ts';
import { createCallLimits, type CallLimits } from '../packages/server/src/limits/calls.ts';
import { limitPolicies } from '../packages/server/src/limits/policies.ts';
import { redisStore } from '../packages/server/src/limits/redisStore.ts';
import { RequestScope } from '../packages/server/src/rpc/scope.ts';
import { startRedis } from '../test/harness/redis.ts';
import type { Benchmark } from './main.ts';

const inFlight = 16;

/** What stands between the internet and the service, as a part of each request. */
export const edge: Benchmark = {
  compared:
    'limit_overhead_us: microseconds that the rate limits add to a signed-in read with their default caps, counts in Redis on this machine, 16 requests in flight over 400 accounts of 20 tenants',
  targets: {},
  run: async ({ quick, progress }) => {
    const redis = await startRedis();
    const store = redisStore({ url: redis.url, timeout: 5000, onLost: () => {} });
    try {
      const limiter = new Limiter({ store, secret: randomBytes(32), clock: Date.now });
      const calls = createCallLimits({ limiter, policies: limitPolicies(defaults()) });
      const callers = madeUp();
      await through(calls, callers, 2000);
      const requests = quick ? 5000 : 150_000;
      const with_ = await through(calls, callers, requests);
      const without = await through(undefined, callers, requests);
      progress(
        `${requests} requests: ${with_.toFixed(1)} µs each with limits, ${without.toFixed(1)} without`,
      );
      return { limit_overhead_us: Math.round((with_ - without) * 10) / 10 };
    } finally {
      store.close();
      await redis.kill();
    }
  },
};

function defaults() {
  return configSchema.shape.limits.parse({});
}

type Caller = Parameters<CallLimits['after']>[2];

/** Signed-in members, as the guard hands them on. */
function madeUp(): Caller[] {
  const tenants = Array.from({ length: 20 }, () => randomUUID());
  return Array.from({ length: 400 }, (_, index) => {
    const actor = { kind: 'account' as const, id: randomUUID(), name: 'Member' };
    // Of what the guard's context holds, the limits read these two.
    return { actor, tenant: tenants[index % tenants.length] ?? '' } as unknown as Caller;
  });
}

const meta = { permission: 'tenants:company.read', rate: 'read' } as const;

/** Mean microseconds of a request. */
async function through(
  calls: CallLimits | undefined,
  callers: readonly Caller[],
  count: number,
): Promise<number> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const caller = callers[next % callers.length];
      next += 1;
      const scope = newScope();
      if (caller === undefined) return;
      // oxlint-disable-next-line no-await-in-loop -- one request after the other
      await calls?.before(meta, scope, {});
      // oxlint-disable-next-line no-await-in-loop -- what comes after the request waits for it
      await calls?.after(meta, scope, caller);
      scope.limitHeaders();
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, one));
  return ((performance.now() - start) * 1000) / count;
}

function newScope(): RequestScope {
  return new RequestScope({
    id: 'bench',
    ip: '192.0.2.1',
    userAgent: undefined,
    placement: { tenant: undefined, company: undefined },
    token: undefined,
    authenticate: () => Promise.resolve(null),
  });
}
