import { createTestDatabase, startTestServer } from '../test/harness/index.ts';
import pg from 'pg';
import { attack, scan } from '../packages/prover/src/index.ts';
import { rounded } from './compare.ts';
import type { Benchmark } from './benchmark.ts';

type Size = { tables: number; rows: number; tenants: number };

/** A plain-setting application: policies on a setting, keys that hold the tenant, a parent for nine tables of ten. */
function tableSql(n: number): string {
  const parent = n % 10 === 0 ? null : n - (n % 10);
  const reference =
    parent === null
      ? ''
      : `, constraint t${n}_parent_fkey foreign key (tenant_id, parent_id) references shop.t${parent} (tenant_id, id)`;
  return `create table shop.t${n} (
      id bigint not null, tenant_id uuid not null, parent_id bigint not null, name text not null,
      amount numeric(12, 2) not null check (amount >= 0), note text, created_at timestamptz not null default now(),
      constraint t${n}_pkey primary key (tenant_id, id)${reference}
    );
    alter table shop.t${n} enable row level security;
    alter table shop.t${n} force row level security;
    create policy t${n}_own on shop.t${n} using (tenant_id = (select current_setting('app.tenant_id', true)::uuid));
    grant select, insert, update, delete on shop.t${n} to bench_app;`;
}

const fillSql = (n: number, { rows, tenants }: Size): string =>
  `insert into shop.t${n} (id, tenant_id, parent_id, name, amount)
    select i / ${tenants}, ('00000000-0000-4000-8000-' || lpad(to_hex(i % ${tenants}), 12, '0'))::uuid, i / ${tenants},
      'item ' || i, i % 1000
    from generate_series(0, ${rows - 1}) i`;

async function fill(client: pg.Client, size: Size, progress: (line: string) => void): Promise<void> {
  await client.query(
    `create role bench_app login; create schema shop; grant usage on schema shop to bench_app`,
  );
  for (let n = 0; n < size.tables; n += 1) {
    if (n % 50 === 0)
      progress(`filling tables ${n} to ${Math.min(n + 49, size.tables - 1)} of ${size.tables}`);
    await client.query(tableSql(n));
    // The rows are known to be right; checking their keys would take longer than what is measured.
    await client.query(
      `set session_replication_role = replica; ${fillSql(n, size)}; reset session_replication_role`,
    );
  }
  await client.query('vacuum analyze');
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const begin = performance.now();
  const result = await work();
  return { result, seconds: rounded((performance.now() - begin) / 1000) };
}

export const prover: Benchmark = {
  compared:
    'bulkhead scan and bulkhead attack of a plain-setting database of 200 tables of 10,000 rows each, the attack without its scan',
  targets: { scan_seconds: '<= 3', attack_seconds: '<= 10' },
  run: async ({ quick, progress }) => {
    const size: Size = quick
      ? { tables: 10, rows: 100, tenants: 5 }
      : { tables: 200, rows: 10_000, tenants: 50 };
    const server = await startTestServer({
      durable: true,
      settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
    });
    const database = await createTestDatabase({ template: 'empty', server });
    const client = new pg.Client(database.connections.superuser);
    try {
      await client.connect();
      await fill(client, size, progress);
      progress('scanning');
      const scanned = await timed(() => scan({ client }));
      const { catalog, model } = scanned.result;
      progress('attacking');
      const attacked = await timed(() => attack({ client, catalog, model }));
      const cells = attacked.result.cells.filter(({ verdict }) => verdict !== 'not applicable');
      const count = (verdict: string): number => cells.filter((cell) => cell.verdict === verdict).length;
      return {
        scan_seconds: scanned.seconds,
        attack_seconds: attacked.seconds,
        attacks: cells.length,
        refused: count('refused'),
        leaked: count('leaked'),
        inconclusive: count('inconclusive'),
        tables: size.tables,
        rows: size.tables * size.rows,
      };
    } finally {
      await client.end();
      await database.drop();
      await server.stop();
    }
  },
};
