import { readFile } from 'node:fs/promises';
import type { TenantPool } from '../packages/kernel/src/index.ts';
import { compare, rounded, type Way } from './compare.ts';
import { columns, contextOf, openBenchDatabase, request, sequence } from './database.ts';

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

/**
 * The same inserts into two protected tables, one with this audit, one with supabase/supa_audit's trigger in its place: operations per
 * second, ours over theirs. `file` is their SQL (supa_audit--0.3.1.sql), which whoever measures brings; none of it is kept here.
 */
export async function besideSupaAudit(file: string, { quick }: { quick: boolean }) {
  const timing = quick ? { slice: 100, rounds: 3 } : { slice: 500, rounds: 15 };
  const database = await openBenchDatabase();
  try {
    await database.asOwner(`create schema bench; grant usage on schema bench to bulkhead_app;
      ${table('ours', '{}')} ${table('personal', '{"personal": {"columns": ["name"]}}')} ${table('theirs', '{"audit": false}')}`);
    // What only CREATE EXTENSION may run, and psql alone understands.
    const sql = (await readFile(file, 'utf8'))
      .replaceAll(/^\\echo.*$/gm, '')
      .replaceAll(/^\s*select\s+(?:pg_catalog\.)?pg_extension_config_dump\([^;]*;/gim, '');
    await database.asSuperuser('create extension if not exists "uuid-ossp"');
    await database.asSuperuser(sql);
    await database.asSuperuser(`select audit.enable_tracking('bench.theirs')`);
    const pool = database.tenantPool(clients);
    const ways = (way: (pool: TenantPool, name: string) => Way): Record<string, Way> => ({
      ours: way(pool, 'ours'),
      personal: way(pool, 'personal'),
      theirs: way(pool, 'theirs'),
    });
    const one = await compare(ways(single), { clients, ...timing });
    const many = await compare(ways(bulk), { clients: 1, ...timing });
    return {
      ratio_vs_supa_audit: rounded(one.ratio('ours', 'theirs')),
      ratio_vs_supa_audit_bulk: rounded(many.ratio('ours', 'theirs')),
      ratio_personal: rounded(one.ratio('personal', 'ours')),
      ratio_personal_bulk: rounded(many.ratio('personal', 'ours')),
    };
  } finally {
    await database.close();
  }
}
