import { PlatformError } from '@bulkhead/platform/errors';
import { readQuotasTaken, readTier, readUsage, setTier } from '@bulkhead/platform/tenants';
import type { Tier, UsageStep } from '@bulkhead/platform/tenants';
import { implement } from '@orpc/server';
import type { Pools } from '../boot/pools.ts';
import { usageContract } from '../contract/usage.ts';
import type { LimitPolicies } from '../limits/policies.ts';
import { shippedCaps } from '../limits/tiers.ts';
import type { TieredClass } from '../limits/tiers.ts';
import type { PlatformContext, SignedInContext } from '../rpc/context.ts';

export type UsageHandlerParts = {
  clock: () => number;
  /** As bulkhead_worker; absent: nobody sets tiers here. */
  pools: Pick<Pools, 'worker' | 'sealer'>;
  limits?: { policies: LimitPolicies } | undefined;
};

const classes: readonly TieredClass[] = ['read', 'write', 'heavy'];
const hour = 60 * 60 * 1000;
const shown: Readonly<Record<UsageStep, number>> = { hour: 48, day: 30 };

/** What a tenant uses and what its tier allows. */
export function usageHandlers({ clock, pools, limits }: UsageHandlerParts) {
  const permitted = implement(usageContract).$context<PlatformContext>();
  const signedIn = implement(usageContract).$context<SignedInContext>();
  return {
    read: permitted.read.handler(async ({ input: { step }, context: { session } }) => {
      const now = clock();
      const since = new Date(firstOf(step, now));
      const tier = await readTier(session);
      const taken = await readQuotasTaken(session);
      const points = await readUsage(session, { since, step });
      return {
        tier: tier === undefined ? null : { name: tier.name, title: tier.title },
        limits: classes.flatMap((rateClass) => limitOf(rateClass, tier, limits?.policies)),
        quotas: (['members', 'apiKeys', 'webhookEndpoints'] as const).map((name) => ({
          name,
          taken: taken[name],
          allowed: tier?.quotas[name] ?? null,
        })),
        step,
        since: since.toISOString(),
        until: new Date(now).toISOString(),
        points: points.flatMap(({ at, rateClass, ...counts }) =>
          isTiered(rateClass) ? [{ at: at.toISOString(), rateClass, ...counts }] : [],
        ),
      };
    }),

    setTier: signedIn.setTier.handler(async ({ input, context: { signedIn: session } }) => {
      const { worker, sealer } = pools;
      if (worker === undefined) throw new PlatformError('permission_refused');
      const setter = { kind: 'operator', id: session.account.id } as const;
      const { tenant: tenantId, tier, reason } = input;
      return { tier: await setTier({ worker, sealer }, { tenantId, tier, reason, setter }) };
    }),
  };
}

/** The beginning of the first hour or day shown, in UTC. */
function firstOf(step: UsageStep, now: number): number {
  const length = step === 'hour' ? hour : 24 * hour;
  return now - (now % length) - (shown[step] - 1) * length;
}

/** As the limiter has it: what the configuration says of every tenant, else what the tier does. */
function limitOf(rateClass: TieredClass, tier: Tier | undefined, policies: LimitPolicies | undefined) {
  const limit = policies?.classes[rateClass].tenant;
  if (limit === undefined) return [];
  if (limit !== 'tier') return [{ rateClass, cap: limit.cap, burst: 0 }];
  return [{ rateClass, ...(tier?.caps ?? shippedCaps)[rateClass] }];
}

function isTiered(rateClass: string): rateClass is TieredClass {
  return (classes as readonly string[]).includes(rateClass);
}
