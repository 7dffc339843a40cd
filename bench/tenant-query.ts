import type pg from 'pg';
import { pgbouncerMissing, startPgbouncer } from '../test/harness/pgbouncer.ts';
import type { TenantPool } from '../packages/kernel/src/index.ts';
import type { Connection } from '../test/harness/index.ts';
import { compare, rounded, type Comparison, type Way } from './compare.ts';
import { contextOf, fillItems, openBenchDatabase, request, rowId, sequence, tenantId } from './database.ts';
import type { BenchDatabase, Size } from './database.ts';
import { startDelayProxy } from './delayProxy.ts';
import type { Benchmark } from './benchmark.ts';

const text = 'select id, name, amount, created_at from bench.item where id = $1';
const unscoped = `${text} and tenant_id = $2`;

type Pick = () => { tenant: number; id: string };

function picker({ tenants, rowsPerTenant }: Size): Pick {
  const next = sequence(7);
  return () => {
    const tenant = next(tenants);
    return { tenant, id: rowId(tenant, next(rowsPerTenant)) };
  };
}

function one(rows: unknown[]): void {
  if (rows.length !== 1) throw new Error(`the query found ${rows.length} rows instead of one`);
}

const raw =
  (pool: pg.Pool, pick: Pick, named: boolean): Way =>
  async () => {
    const { tenant, id } = pick();
    const query = { text: unscoped, values: [id, tenantId(tenant)], ...(named && { name: 'raw' }) };
    one((await pool.query(query)).rows);
  };

const sealed =
  (pool: TenantPool, pick: Pick): Way =>
  async () => {
    const { tenant, id } = pick();
    one((await pool.as(contextOf(tenant), request).query(text, [id])).rows);
  };

const naive =
  (pool: pg.Pool, pick: Pick, database: BenchDatabase): Way =>
  async () => {
    const { tenant, id } = pick();
    const client = await pool.connect();
    await client.query('begin');
    await client.query("select set_config('bulkhead.context', $1, true)", [
      database.sealer.seal(contextOf(tenant)),
    ]);
    one((await client.query(text, [id])).rows);
    await client.query('commit');
    client.release();
  };

type Place = { app: Connection; bare: Connection };

function ways(
  database: BenchDatabase,
  place: Place,
  setting: { clients: number; size: Size },
): Record<string, Way> {
  const { clients, size } = setting;
  const pick = picker(size);
  return {
    raw: raw(database.pool(place.bare, clients), pick, false),
    sealed: sealed(database.tenantPool(clients, { connection: { ...place.app, max: clients } }), pick),
    naive: naive(database.pool(place.app, clients), pick, database),
  };
}

/** The same comparison with the statements of both sides in the same mode. */
function alikeWays(database: BenchDatabase, clients: number, size: Size): Record<string, Way> {
  const pick = picker(size);
  return {
    raw_named: raw(database.pool(database.bare, clients), pick, true),
    sealed_unnamed: sealed(database.tenantPool(clients, { statements: 'unnamed' }), pick),
  };
}

const report = ({ rates, ratio }: Comparison, suffix: string): Record<string, number> => ({
  [`ratio_sealed_raw${suffix}`]: rounded(ratio('sealed', 'raw')),
  [`ratio_sealed_naive${suffix}`]: rounded(ratio('sealed', 'naive')),
  ...Object.fromEntries(
    Object.entries(rates).map(([way, rate]) => [`${way}_per_second${suffix}`, rounded(rate)]),
  ),
});

export const tenantQuery: Benchmark = {
  compared:
    'one row by key, each way as it comes: raw = an unscoped pg pool with the tenant in WHERE; sealed = TenantPool, which ' +
    'keeps plans on direct connections (unnamed statements through PgBouncer); naive = BEGIN, set_config, the query, ' +
    'COMMIT on pg; 16 clients unless suffixed; both_named and both_unnamed compare like with like',
  targets: { ratio_sealed_raw: '>= 0.85', ratio_sealed_naive: '>= 2.3', ratio_latency_1ms: '<= 1.05' },
  async run({ quick, progress }) {
    const size = quick ? { tenants: 20, rowsPerTenant: 100 } : { tenants: 1000, rowsPerTenant: 1000 };
    const timing = quick ? { slice: 60, rounds: 3 } : { slice: 400, rounds: 15 };
    const database = await openBenchDatabase();
    try {
      progress(`filling ${size.tenants * size.rowsPerTenant} rows`);
      await fillItems(database, size);
      progress('16 clients');
      const many = { ...ways(database, database, { clients: 16, size }), ...alikeWays(database, 16, size) };
      const sixteen = await compare(many, { clients: 16, ...timing });
      progress('1 client');
      const single = await compare(ways(database, database, { clients: 1, size }), { clients: 1, ...timing });
      return {
        ...report(sixteen, ''),
        ratio_sealed_raw_both_unnamed: rounded(sixteen.ratio('sealed_unnamed', 'raw')),
        ratio_sealed_raw_both_named: rounded(sixteen.ratio('sealed', 'raw_named')),
        ...report(single, '_1_client'),
        ...(await overDistance(database, size, { timing, progress })),
        ...(await throughPgbouncer(database, size, { timing, progress })),
      };
    } finally {
      await database.close();
    }
  },
};

type Run = { timing: { slice: number; rounds: number }; progress: (line: string) => void };

/** Latency: the time of one operation of one client, as a multiple of the raw way's. */
async function overDistance(database: BenchDatabase, size: Size, run: Run): Promise<Record<string, number>> {
  run.progress('1 client, 1 ms each way');
  const proxy = await startDelayProxy(database.app, 1);
  try {
    const near = { app: { ...database.app, port: proxy.port }, bare: { ...database.bare, port: proxy.port } };
    const { rates, ratio } = await compare(ways(database, near, { clients: 1, size }), {
      clients: 1,
      ...run.timing,
    });
    return {
      ratio_latency_1ms: rounded(1 / ratio('sealed', 'raw')),
      ratio_latency_1ms_naive: rounded(1 / ratio('naive', 'raw')),
      raw_milliseconds_1ms: rounded(1000 / (rates['raw'] ?? 0)),
      sealed_milliseconds_1ms: rounded(1000 / (rates['sealed'] ?? 0)),
    };
  } finally {
    proxy.stop();
  }
}

async function throughPgbouncer(
  database: BenchDatabase,
  size: Size,
  run: Run,
): Promise<Record<string, number | string>> {
  if (pgbouncerMissing !== false) return { pgbouncer: pgbouncerMissing };
  run.progress('16 clients through PgBouncer');
  const [app, bare] = await Promise.all([
    startPgbouncer(database.app, { poolSize: 16 }),
    startPgbouncer(database.bare, { poolSize: 16 }),
  ]);
  try {
    const place = { app: app.connection, bare: bare.connection };
    const result = await compare(ways(database, place, { clients: 16, size }), {
      clients: 16,
      ...run.timing,
    });
    return { ...report(result, '_pgbouncer'), pgbouncer: app.version };
  } finally {
    await Promise.all([app.stop(), bare.stop()]);
  }
}
