import { startRedis } from '../test/harness/redis.ts';
import { edgePaths } from './edgePaths.ts';
import { guardOverhead } from './guard.ts';
import { limitOverhead } from './limitOverhead.ts';
import { webhookRate } from './webhook.ts';
import type { Benchmark } from './benchmark.ts';

/** What stands between the internet and the service, as a part of each request. */
export const edge: Benchmark = {
  compared:
    'GET of twenty rows, 16 in flight over 160 kept connections, each of another account of 20 tenants. secured = the whole ' +
    'server: access token to its live session, default limits by account and tenant counted in Redis, permission, sealed ' +
    'context, policies, answer checked against its schema, a log line; bare = Fastify and a pg pool with the same query and ' +
    'its conditions written out, and nothing else; peer = Fastify with a compiled serialiser and its logger, jose verifying ' +
    'each request, rate-limiter-flexible counting both limits in Redis, Drizzle: BEGIN, set_config, a named select under ' +
    'row security, COMMIT. All servers in one process, the caller in another. limit_overhead_us: microseconds that the rate limits add to a ' +
    'signed-in read with their default caps, counts in Redis on this machine, 16 requests in flight over 400 accounts of 20 tenants. ' +
    'webhook_per_s: webhooks of 600 bytes, each another event, verified, stored with a durable commit and then answered, 64 senders, ' +
    'server, database and senders on this machine, without their processing. guard_overhead_us: median of a guarded POST less that ' +
    'of a bare undici one to the same local server, in turn, each with a connection of its own; guard_unshared_us: less that of a ' +
    'bare one over a kept connection',
  targets: { webhook_per_s: '>= 4000', ratio_secured_bare: '>= 0.6', ratio_peer: '>= 2' },
  run: async (options) => {
    const redis = await startRedis();
    try {
      const limit_overhead_us = await limitOverhead(redis.url, options);
      return {
        limit_overhead_us,
        ...(await guardOverhead(options)),
        ...(await webhookRate(options)),
        ...(await edgePaths(redis.url, options)),
      };
    } finally {
      await redis.kill();
    }
  },
};
