import type { TenantPool } from '../packages/kernel/src/index.ts';
import { compare, rounded, type Way } from './compare.ts';
import { columns, contextOf, openBenchDatabase, request, sequence } from './database.ts';
import type { Benchmark } from './benchmark.ts';

const clients = 8;
const bulkRows = 1000;

const table = (name: string, options: string): string => `
  create table bench.${name} (
    ${columns},
    name text not null,
    amount numeric(12, 2) not null,
    note text,
    constraint ${name}_pkey primary key (tenant_id, id)
  );
  select bulkhead.protect_table('bench.${name}', 'tenant', '${options}');
`;

const single =
  (pool: TenantPool, name: string): Way =>
  async (client) => {
    const text = `insert into bench.${name} (name, amount, note) values ($1, $2, $3)`;
    await pool.as(contextOf(client), request).query(text, ['Ada Lovelace', '120.50', 'paid by transfer']);
  };

const bulk = (pool: TenantPool, name: string): Way => {
  const next = sequence(3);
  return async (client) => {
    const text = `insert into bench.${name} (name, amount, note)
      select 'customer ' || g, g + 0.5, 'paid by transfer' from generate_series(1, $1::int) g`;
    await pool.as(contextOf(client * 100 + next(100)), request).query(text, [bulkRows]);
  };
};

export const auditWrite: Benchmark = {
  compared:
    'the same insert into two protected tables, one of them audited, durable commit: single = one row, 8 clients; ' +
    'bulk = one statement of 1,000 rows, 1 client; operations per second audited over unaudited',
  targets: { ratio_single: '>= 0.8', ratio_bulk: '>= 0.5' },
  async run({ quick, progress }) {
    const timing = quick ? { slice: 100, rounds: 3 } : { slice: 500, rounds: 15 };
    const database = await openBenchDatabase();
    try {
      await database.asOwner(`create schema bench; grant usage on schema bench to bulkhead_app;
        ${table('audited', '{}')} ${table('unaudited', '{"audit": false}')}`);
      const pool = database.tenantPool(clients);
      const both = (way: (pool: TenantPool, name: string) => Way): Record<string, Way> => ({
        audited: way(pool, 'audited'),
        unaudited: way(pool, 'unaudited'),
      });
      progress('one row');
      const one = await compare(both(single), { clients, ...timing });
      progress('1,000 rows');
      const many = await compare(both(bulk), { clients: 1, ...timing });
      return {
        ratio_single: rounded(one.ratio('audited', 'unaudited')),
        ratio_bulk: rounded(many.ratio('audited', 'unaudited')),
        audited_single_per_second: rounded(one.rates['audited'] ?? 0),
        unaudited_single_per_second: rounded(one.rates['unaudited'] ?? 0),
        audited_bulk_rows_per_second: rounded((many.rates['audited'] ?? 0) * bulkRows),
        unaudited_bulk_rows_per_second: rounded((many.rates['unaudited'] ?? 0) * bulkRows),
      };
    } finally {
      await database.close();
    }
  },
};
