import { randomBytes, randomUUID } from 'node:crypto';
import { Limiter } from '../packages/platform/src/edge/index.ts';
import { configSchema } from '../packages/server/src/config/schema.ts';
import { createCallLimits, type CallLimits } from '../packages/server/src/limits/calls.ts';
import { limitPolicies } from '../packages/server/src/limits/policies.ts';
import { redisStore } from '../packages/server/src/limits/redisStore.ts';
import { shippedCaps } from '../packages/server/src/limits/tiers.ts';
import { RequestScope } from '../packages/server/src/rpc/scope.ts';

const inFlight = 16;

/** Mean microseconds that the rate limits add to a signed-in read, with counts in the Redis at `url`. */
export async function limitOverhead(
  url: string,
  { quick, progress }: { quick: boolean; progress: (line: string) => void },
): Promise<number> {
  const store = redisStore({ url, timeout: 5000, onLost: () => {} });
  try {
    const limiter = new Limiter({ store, secret: randomBytes(32), clock: Date.now });
    // A tenant's tier is read once in 30 seconds: it is no cost of a request.
    const tiers = { capsOf: () => Promise.resolve(shippedCaps) };
    const calls = createCallLimits({ limiter, tiers, policies: limitPolicies(defaults()) });
    const callers = madeUp();
    await through(calls, callers, 2000);
    const requests = quick ? 5000 : 150_000;
    const with_ = await through(calls, callers, requests);
    const without = await through(undefined, callers, requests);
    progress(`${requests} requests: ${with_.toFixed(1)} µs each with limits, ${without.toFixed(1)} without`);
    return Math.round((with_ - without) * 10) / 10;
  } finally {
    store.close();
  }
}

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
