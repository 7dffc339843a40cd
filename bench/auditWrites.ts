import { readFile } from 'node:fs/promises';
import type { TenantPool } from '../packages/kernel/src/index.ts';
import { compare, rounded, type Way } from './compare.ts';
import { columns, contextOf, openBenchDatabase, request, sequence, type BenchDatabase } from './database.ts';

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

/** 200 single-row statements in one transaction inside the database: neither client, network nor commit, which no trigger changes. */
async function statements(database: BenchDatabase, names: readonly string[]): Promise<Record<string, Way>> {
  const app = database.pool(database.app, 1);
  const { id, ip, userAgent: agent } = request;
  const settings = `select set_config('bulkhead.context', $1, true), set_config('bulkhead.request', $2, true)`;
  const loop = (name: string): string => `do $$ begin for n in 1..200 loop
    insert into bench.${name} (name, amount, note) values ('Ada Lovelace', 120.50, 'paid by transfer'); end loop; end $$`;
  const way =
    (name: string): Way =>
    async () => {
      const client = await app.connect();
      try {
        await client.query('begin');
        await client.query(settings, [database.sealer.seal(contextOf(1)), JSON.stringify({ id, ip, agent })]);
        await client.query(loop(name));
        await client.query('commit');
      } finally {
        client.release();
      }
    };
  return Object.fromEntries(names.map((name) => [name, way(name)]));
}

async function trackTheirs(database: BenchDatabase, file: string): Promise<void> {
  // What only CREATE EXTENSION may run, and psql alone understands.
  const sql = (await readFile(file, 'utf8'))
    .replaceAll(/^\\echo.*$/gm, '')
    .replaceAll(/^\s*select\s+(?:pg_catalog\.)?pg_extension_config_dump\([^;]*;/gim, '');
  await database.asSuperuser('create extension if not exists "uuid-ossp"');
  await database.asSuperuser(sql);
  await database.asSuperuser(`select audit.enable_tracking('bench.theirs')`);
}

/**
 * The same inserts into protected tables: unaudited, audited, audited with a personal column, and with supabase/supa_audit's trigger in
 * place of ours where `file`, their SQL (supa_audit--0.3.1.sql), is given: whoever measures brings it, and none of it is kept here.
 */
export async function auditWrites(options: { quick: boolean; supaAudit: string | undefined }) {
  const { quick, supaAudit } = options;
  const timing = quick ? { slice: 100, rounds: 3 } : { slice: 400, rounds: 11 };
  const database = await openBenchDatabase();
  try {
    const names = ['plain', 'ours', 'personal', ...(supaAudit === undefined ? [] : ['theirs'])];
    await database.asOwner(`create schema bench; grant usage on schema bench to bulkhead_app;
      ${table('plain', '{"audit": false}')} ${table('ours', '{}')}
      ${table('personal', '{"personal": {"columns": ["name"]}}')} ${table('theirs', '{"audit": false}')}`);
    if (supaAudit !== undefined) await trackTheirs(database, supaAudit);
    const pool = database.tenantPool(clients);
    const ways = (way: (pool: TenantPool, name: string) => Way): Record<string, Way> =>
      Object.fromEntries(names.map((name) => [name, way(pool, name)]));
    const one = await compare(ways(single), { clients, ...timing });
    const many = await compare(ways(bulk), { clients: 1, ...timing });
    const inside = await compare(await statements(database, names), { clients: 1, ...timing });
    const ratio = (of: typeof one, way: string, base: string): number => rounded(of.ratio(way, base));
    return {
      ratio_write: ratio(one, 'ours', 'plain'),
      ratio_write_bulk: ratio(many, 'ours', 'plain'),
      ratio_personal: ratio(one, 'personal', 'ours'),
      ratio_personal_bulk: ratio(many, 'personal', 'ours'),
      ...(supaAudit !== undefined && {
        ratio_vs_supa_audit: ratio(one, 'ours', 'theirs'),
        ratio_vs_supa_audit_unaudited: ratio(one, 'plain', 'theirs'),
        ratio_vs_supa_audit_bulk: ratio(many, 'ours', 'theirs'),
        ratio_vs_supa_audit_inside: ratio(inside, 'ours', 'theirs'),
      }),
    };
  } finally {
    await database.close();
  }
}
