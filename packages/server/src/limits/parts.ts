import { Limiter, postgresStore } from '@bulkhead/platform/edge';
import { deriveKey } from '@bulkhead/platform/vault';
import type { Pools } from '../boot/pools.ts';
import type { Config } from '../config/schema.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';
import { limitPolicies } from './policies.ts';
import type { LimitPolicies } from './policies.ts';
import { redisStore } from './redisStore.ts';
import { TierReader } from './tiers.ts';

/** The rate limits of one server. */
export type Limits = {
  limiter: Pick<Limiter, 'take'>;
  policies: LimitPolicies;
  tiers: Pick<TierReader, 'capsOf'>;
  /** Leaves the store. */
  close: () => void;
};

type Sources = { config: Config; pools: Pick<Pools, 'identity'>; clock: () => number; log: Log };

/** The limits as configured; undefined when there are none. */
export function createLimits({ config, pools, clock, log }: Sources): Limits | undefined {
  if (!config.limits.enabled) return undefined;
  const { url, timeout } = config.redis;
  const redis =
    url === undefined
      ? undefined
      : redisStore({ url, timeout, onLost: (error: unknown) => limiter.storeLost(error) });
  const limiter: Limiter = new Limiter({
    store: redis ?? postgresStore({ pool: pools.identity, clock }),
    secret: deriveKey(config.encryption.key, 'rate limits'),
    clock,
    servers: config.limits.servers,
    onStore: (change) =>
      change.away
        ? log.warn({ event: 'limits_store_away', error: describeError(change.error) })
        : log.info({ event: 'limits_store_back' }),
  });
  const tiers = new TierReader({
    clock,
    onFault: (error) => log.warn({ event: 'tier_unread', error: describeError(error) }),
  });
  return { limiter, tiers, policies: limitPolicies(config.limits), close: () => redis?.close() };
}
