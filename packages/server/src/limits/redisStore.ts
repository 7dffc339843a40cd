import type { Limit, LimitStore } from '@bulkhead/platform/edge';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

export type RedisStore = LimitStore & { close: () => void };

export type RedisStoreOptions = {
  /** `redis://` or `rediss://`. */
  url: string;
  /** Milliseconds a command may take. */
  timeout: number;
  /** Told whenever the connection is lost: Redis may come back without its counts. */
  onLost: (error: unknown) => void;
};

/** Counts in Redis, one atomic script a question. Nothing is queued while it is away: whoever asks is told at once. */
export function redisStore({ url, timeout, onLost }: RedisStoreOptions): RedisStore {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: timeout,
    connectTimeout: 5000,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
  });
  let closed = false;
  let cause: unknown;
  client.on('error', (error) => {
    cause = error;
  });
  client.on('close', () => {
    if (!closed) onLost(cause ?? new Error('the connection to Redis was closed'));
  });
  const counters = new Map<string, RateLimiterRedis>();
  const counterOf = ({ name, cap, seconds }: Limit): RateLimiterRedis => {
    const known = counters.get(name);
    if (known !== undefined) return known;
    const made = new RateLimiterRedis({
      storeClient: client,
      keyPrefix: `bulkhead:limit:${name}`,
      points: cap,
      duration: seconds,
      rejectIfRedisNotReady: true,
    });
    counters.set(name, made);
    return made;
  };
  return {
    take: async (key, points, limit) => {
      const { consumedPoints, msBeforeNext } = await counterOf(limit).penalty(
        key.toString('base64url'),
        points,
      );
      return { taken: consumedPoints, resetsIn: msBeforeNext };
    },
    close: () => {
      closed = true;
      client.disconnect();
    },
  };
}
