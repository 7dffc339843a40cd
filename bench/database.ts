import { randomBytes } from 'node:crypto';
import pg from 'pg';
import {
  TenantPool,
  type Context,
  type ContextSealer,
  type RequestInfo,
  type TenantPoolOptions,
} from '../packages/kernel/src/index.ts';
import {
  createTestDatabase,
  startTestServer,
  type Connection,
  type TestDatabase,
} from '../test/harness/index.ts';

/** How large the data is: rows = tenants x rowsPerTenant. */
export type Size = { tenants: number; rowsPerTenant: number };

export type BenchDatabase = {
  test: TestDatabase;
  /** the application's role, under policies */
  app: Connection;
  /** a role that no policy holds, for the unscoped ways */
  bare: Connection;
  sealer: ContextSealer;
  asSuperuser(sql: string, values?: unknown[]): Promise<void>;
  asOwner(sql: string): Promise<void>;
  /** A raw pool; closed with the database. */
  pool(connection: Connection, clients: number): pg.Pool;
  tenantPool(clients: number, options?: Partial<TenantPoolOptions>): TenantPool;
  close(): Promise<void>;
};

/** A Postgres of its own with durable settings, and the kernel in it. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const server = await startTestServer({
    durable: true,
    settings: { shared_buffers: '512MB', max_wal_size: '4GB', checkpoint_timeout: '30min' },
  });
  const database = await createTestDatabase({ server });
  const { superuser, owner, app } = database.connections;
  const closing: (() => Promise<unknown>)[] = [];
  const asSuperuser = (sql: string, values?: unknown[]): Promise<void> => run(superuser, sql, values);
  const password = randomBytes(16).toString('hex');
  await asSuperuser(`create role bench_bare login bypassrls password '${password}'`);
  await asSuperuser('grant connect on database ' + pg.escapeIdentifier(database.name) + ' to bench_bare');
  return {
    test: database,
    app,
    bare: { ...superuser, user: 'bench_bare', password },
    sealer: database.sealer,
    asSuperuser,
    asOwner: (sql) => run(owner, sql),
    pool: (connection, max) => {
      const pool = new pg.Pool({ ...connection, max });
      pool.on('error', () => {});
      closing.push(() => pool.end());
      return pool;
    },
    tenantPool: (max, options) => {
      const pool = new TenantPool({ connection: { ...app, max }, sealer: database.sealer, ...options });
      closing.push(() => pool.close());
      return pool;
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()));
      await database.drop();
      await server.stop();
    },
  };
}

async function run(connection: Connection, sql: string, values?: unknown[]): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(sql, values);
  } finally {
    await client.end();
  }
}

const hex = (value: number): string => value.toString(16).padStart(12, '0');

export const tenantId = (n: number): string => `00000000-0000-4000-8000-${hex(n)}`;
/** The id of a tenant's i-th row. */
export const rowId = (tenant: number, i: number): string =>
  `00000000-0000-4000-9000-${hex(tenant * 100_000 + i)}`;

export const contextOf = (tenant: number): Context => ({
  tenant: tenantId(tenant),
  actor: { kind: 'account', id: `00000000-0000-4000-a000-${hex(tenant)}` },
});

/** What a browser's request carries into the audit entry. */
export const request: RequestInfo = {
  id: '0b7c2f5e-8d1a-4c39-9a3e-5f6d7c8b9a01',
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};

/** Numbers below `limit`, the same in every run. */
export function sequence(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** The columns every business row carries. */
export const columns = `id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz`;

/** `bench.item`, protected, and filled without its triggers. */
export async function fillItems(database: BenchDatabase, { tenants, rowsPerTenant }: Size): Promise<void> {
  await database.asOwner(`
    create schema bench;
    create table bench.item (
      ${columns},
      name text not null,
      amount numeric(12, 2) not null,
      constraint item_pkey primary key (tenant_id, id)
    );
    select bulkhead.protect_table('bench.item');
    grant usage on schema bench to bulkhead_app, bench_bare;
  `);
  await database.asSuperuser(`
    set session_replication_role = replica;
    insert into bench.item (tenant_id, id, created_at, name, amount)
    select ('00000000-0000-4000-8000-' || lpad(to_hex(t), 12, '0'))::uuid,
      ('00000000-0000-4000-9000-' || lpad(to_hex(t * 100000 + i), 12, '0'))::uuid,
      now() - make_interval(mins => i), 'item ' || i, (i % 1000) + 0.5
    from generate_series(0, ${rowsPerTenant - 1}) i, generate_series(0, ${tenants - 1}) t;
    create index item_newest_idx on bench.item (tenant_id, created_at desc);
    grant select on bench.item to bench_bare;
  `);
  await database.asSuperuser('vacuum (analyze, freeze) bench.item');
}
