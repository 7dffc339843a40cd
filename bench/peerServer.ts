import type { AddressInfo } from 'node:net';
import { desc, isNull, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { numeric, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { fastify, type FastifyReply, type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { importJWK, jwtVerify, type JWK } from 'jose';
import pg from 'pg';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { path } from './itemsModule.ts';

export type PeerInput = {
  /** of a role under row security */
  connection: pg.PoolConfig;
  redis: string;
  /** the issuer's public key */
  key: JWK;
  /** requests a minute */
  caps: { account: number; tenant: number };
};

/** What a token of the peer's issuer says: where its bearer may act, so that no database is asked. */
export type PeerClaims = { sub: string; tenant: string; companies: string[]; permissions: string[] };

export const issuer = 'https://issuer.example.org';
export const audience = 'https://api.example.org';

/** `bench.item` again, under policies over two settings. */
export const peerSql = `
  create schema peer;
  create table peer.item (like bench.item including all);
  alter table peer.item enable row level security;
  alter table peer.item force row level security;
  create policy item_tenant on peer.item using (
    tenant_id = (select current_setting('app.tenant_id')::uuid)
    and company_id = (select current_setting('app.company_id')::uuid)
  );
  grant usage on schema peer to bench_peer;
  grant select on peer.item to bench_peer;
`;

const item = pgSchema('peer').table('item', {
  id: uuid().notNull(),
  name: text().notNull(),
  amount: numeric().notNull(),
  created_at: timestamp({ withTimezone: true }).notNull(),
  deleted_at: timestamp({ withTimezone: true }),
});
const { id, name, amount, created_at } = item;

const schema = {
  response: {
    200: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              id: { type: 'string' },
              name: { type: 'string' },
              amount: { type: 'string' },
              created_at: { type: 'string', format: 'date-time' },
            },
          },
        },
      },
    },
  },
};

/**
 * The same request as a service is usually built: token verified by jose, two limits counted in Redis, permission
 * looked up in the token, and a transaction of Drizzle's that sets what the policies compare. One pool, kept
 * connections, a named statement, commands to Redis pipelined, the answer written by Fastify's compiled serialiser.
 */
export async function startPeer({ connection, redis, key, caps }: PeerInput): Promise<number> {
  const db = drizzle({ client: new pg.Pool(connection) });
  const verifyKey = await importJWK(key, 'EdDSA');
  const storeClient = new Redis(redis, { enableAutoPipelining: true });
  const limits = Object.entries(caps).map(
    ([keyPrefix, points]) => new RateLimiterRedis({ storeClient, keyPrefix, points, duration: 60 }),
  );
  const admit = async (callers: string[], reply: FastifyReply): Promise<void> => {
    const [tightest] = await Promise.all(limits.map((limit, index) => limit.consume(callers[index] ?? '')));
    if (tightest === undefined) return;
    void reply.header('ratelimit-remaining', tightest.remainingPoints);
    void reply.header('ratelimit-reset', Math.ceil(tightest.msBeforeNext / 1000));
  };
  const app = fastify({ logger: true });
  app.get(path, { schema }, async (request, reply) => {
    const { payload } = await jwtVerify<PeerClaims>(bearer(request), verifyKey, {
      algorithms: ['EdDSA'],
      issuer,
      audience,
    });
    await admit([payload.sub, payload.tenant], reply);
    const company = String(request.headers['bulkhead-company']);
    if (!payload.companies.includes(company) || !payload.permissions.includes('bench:item.read')) {
      throw Object.assign(new Error('forbidden'), { statusCode: 403 });
    }
    const items = await db.transaction(async (tx) => {
      await tx.execute(
        sql`select set_config('app.tenant_id', ${payload.tenant}, true), set_config('app.company_id', ${company}, true)`,
      );
      return tx
        .select({ id, name, amount, created_at })
        .from(item)
        .where(isNull(item.deleted_at))
        .orderBy(desc(created_at))
        .limit(20)
        .prepare('newest')
        .execute();
    });
    return { items };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

function bearer({ headers }: FastifyRequest): string {
  return headers.authorization?.replace(/^Bearer /, '') ?? '';
}
