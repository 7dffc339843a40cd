import { Limiter, postgresStore } from '@bulkhead/platform/edge';
import { deriveKey } from '@bulkhead/platform/vault';
import type { Pools } from '../boot/pools.ts';
import type { Config } from '../config/schema.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { limitPolicies } from './policies.ts';
import type { LimitPolicies } from './policies.ts';
import { redisStore } from './redisStore.ts';
import { TierReader } from './tiers.ts';

/** The rate limits of one server. */
export type Limits = {
  limiter: Pick<Limiter, 'take'>;
  policies: LimitPolicies;
  tiers: Pick<TierReader, 'capsOf'>;
  /** Whether the store of the counts answers. */
  store: () => { away: boolean };
  /** Leaves the store. */
  close: () => void;
};

type Sources = {
  config: Config;
  pools: Pick<Pools, 'identity'>;
  clock: () => number;
  log: Log;
  metrics?: Pick<Metrics, 'limitExceeded' | 'limitStore'> | undefined;
};

/** The limits as configured; undefined when there are none. */
export function createLimits({ config, pools, clock, log, metrics }: Sources): Limits | undefined {
  if (!config.limits.enabled) return undefined;
  const { url, timeout } = config.redis;
  const redis =
    url === undefined
      ? undefined
      : redisStore({ url, timeout, onLost: (error: unknown) => limiter.storeLost(error) });
  let away = false;
  const limiter: Limiter = new Limiter({
    store: redis ?? postgresStore({ pool: pools.identity, clock }),
    secret: deriveKey(config.encryption.key, 'rate limits'),
    clock,
    servers: config.limits.servers,
    onStore: (change) => {
      away = change.away;
      metrics?.limitStore(change);
      if (change.away) log.warn({ event: 'limits_store_away', error: describeError(change.error) });
      else log.info({ event: 'limits_store_back' });
    },
  });
  const counted: Limits['limiter'] = {
    take: async (limit, caller) => {
      const verdict = await limiter.take(limit, caller);
      if (!verdict.admitted) metrics?.limitExceeded(limit.name);
      return verdict;
    },
  };
  const tiers = new TierReader({
    clock,
    onFault: (error) => log.warn({ event: 'tier_unread', error: describeError(error) }),
  });
  return {
    limiter: counted,
    tiers,
    policies: limitPolicies(config.limits),
    store: () => ({ away }),
    close: () => redis?.close(),
  };
}
