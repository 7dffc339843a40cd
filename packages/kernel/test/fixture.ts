import { Socket } from 'node:net';
import { mock } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { TenantPool, type TenantPoolOptions } from '../src/pool.ts';
import type { TenantSession } from '../src/session.ts';

/** A database with the protected table `shop.item` (tenant scope, soft delete) and `shop.note` (hard delete). */
export type Fixture = {
  database: TestDatabase;
  pool: TenantPool;
  /** Another pool on the same database; closed with the fixture. */
  open(options?: Partial<TenantPoolOptions>): TenantPool;
  session(tenant: number): TenantSession;
  /** Runs statements as the owner of the tables. */
  asOwner(sql: string): Promise<void>;
  asSuperuser(sql: string): Promise<void>;
  /** advisory locks held in the database */
  advisoryLocks(): Promise<number>;
  /** Counts what this process writes to sockets until `stop`, which answers the count. */
  countWrites(): { stop(): number };
  close(): Promise<void>;
};

const schema = `
create schema shop;
create table shop.item (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  price numeric(12, 2),
  constraint item_pkey primary key (tenant_id, id),
  constraint item_name_unique unique (tenant_id, name),
  constraint item_price_positive check (price > 0)
);
create table shop.note (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  item_id uuid not null,
  body text,
  constraint note_pkey primary key (tenant_id, id),
  constraint note_item_fkey foreign key (tenant_id, item_id) references shop.item (tenant_id, id)
    deferrable initially immediate
);
grant usage on schema shop to bulkhead_app;
select bulkhead.protect_table('shop.item');
select bulkhead.protect_table('shop.note', 'tenant', '{"delete": "hard"}');
`;

/** The id of the n-th test tenant. */
export const tenantId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const actor = { kind: 'account', id: '00000000-0000-4000-9000-000000000001' } as const;

export async function openFixture(options: Parameters<typeof createTestDatabase>[0] = {}): Promise<Fixture> {
  const database = await createTestDatabase(options);
  const pools: TenantPool[] = [];
  const open = (more: Partial<TenantPoolOptions> = {}): TenantPool => {
    const pool = new TenantPool({ connection: database.connections.app, sealer: database.sealer, ...more });
    pools.push(pool);
    return pool;
  };
  const asOwner = (sql: string): Promise<void> => runAs(database.connections.owner, sql);
  await asOwner(schema);
  const pool = open();
  return {
    database,
    pool,
    open,
    session: (tenant) => pool.as({ tenant: tenantId(tenant), actor }),
    asOwner,
    asSuperuser: (sql) => runAs(database.connections.superuser, sql),
    advisoryLocks: () => advisoryLocks(database.connections.superuser),
    countWrites,
    close: async () => {
      await Promise.allSettled(pools.map((each) => each.close()));
      await database.drop();
    },
  };
}

function countWrites(): { stop(): number } {
  const spy = mock.method(Socket.prototype, 'write');
  return {
    stop: () => {
      spy.mock.restore();
      return spy.mock.callCount();
    },
  };
}

async function runAs(connection: pg.ClientConfig, sql: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function advisoryLocks(connection: pg.ClientConfig): Promise<number> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}
