import pg from 'pg';
import { compare, median, rounded, type Way } from './compare.ts';
import { columns, contextOf, fillItems, openBenchDatabase, sequence, tenantId } from './database.ts';
import type { BenchDatabase, Size } from './database.ts';
import type { Benchmark } from './main.ts';

/** Each question as the application asks it, and with what a policy adds written out. */
const questions: Record<string, { scoped: string; explicit: string }> = {
  list: {
    scoped: 'select id, name, amount from bench.item order by created_at desc limit 50',
    explicit: `select id, name, amount from bench.item where tenant_id = $1 and deleted_at is null
      order by created_at desc limit 50`,
  },
  count: {
    scoped: 'select count(*), sum(amount) from bench.item',
    explicit: 'select count(*), sum(amount) from bench.item where tenant_id = $1 and deleted_at is null',
  },
  join: {
    scoped: `select i.name, count(*) from bench.item i join bench.note n on n.item_id = i.id
      group by i.name order by 2 desc limit 20`,
    explicit: `select i.name, count(*) from bench.item i join bench.note n on n.item_id = i.id and n.tenant_id = $1
      where i.tenant_id = $1 and i.deleted_at is null and n.deleted_at is null
      group by i.name order by 2 desc limit 20`,
  },
};

async function fillNotes(database: BenchDatabase): Promise<void> {
  await database.asOwner(`
    create table bench.note (
      ${columns},
      item_id uuid not null,
      constraint note_pkey primary key (tenant_id, id),
      constraint note_item_fkey foreign key (tenant_id, item_id) references bench.item (tenant_id, id)
    );
    select bulkhead.protect_table('bench.note');
  `);
  await database.asSuperuser(`
    set session_replication_role = replica;
    insert into bench.note (tenant_id, item_id) select tenant_id, id from bench.item where amount < 300;
    grant select on bench.note to bench_bare;
  `);
  await database.asSuperuser('vacuum (analyze, freeze) bench.note');
}

/** One transaction, in which tenant after tenant asks: the price of the policy without that of the connection. */
function asking(client: pg.Client, tenants: number, ask: (tenant: number) => [string, unknown[]][]): Way {
  const next = sequence(11);
  return async () => {
    const tenant = next(tenants);
    for (const [text, values] of ask(tenant)) await client.query(text, values);
  };
}

const batch = 10;

export const rlsPolicy: Benchmark = {
  compared:
    "ten times the same question of one tenant in one transaction: the kernel's policies against the same conditions " +
    'written out by a role that bypasses them; time with the policy over time without',
  targets: { ratio_policy_where: '<= 1.05' },
  async run({ quick, progress }) {
    const size: Size = quick ? { tenants: 20, rowsPerTenant: 100 } : { tenants: 1000, rowsPerTenant: 1000 };
    const timing = quick ? { slice: 60, rounds: 3 } : { slice: 300, rounds: 15 };
    const database = await openBenchDatabase();
    const app = new pg.Client(database.app);
    const bare = new pg.Client(database.bare);
    try {
      progress(`filling ${size.tenants * size.rowsPerTenant} rows`);
      await fillItems(database, size);
      await fillNotes(database);
      await Promise.all([app.connect(), bare.connect()]);
      const result: Record<string, number> = {};
      for (const [question, { scoped, explicit }] of Object.entries(questions)) {
        progress(question);
        const seal = (tenant: number): string => database.sealer.seal(contextOf(tenant));
        const repeat = (text: string, values: unknown[]): [string, unknown[]][] =>
          Array.from({ length: batch }, () => [text, values]);
        const { rates, ratio } = await compare(
          {
            policy: asking(app, size.tenants, (tenant) => [
              ['begin', []],
              ["select set_config('bulkhead.context', $1, true)", [seal(tenant)]],
              ...repeat(scoped, []),
              ['commit', []],
            ]),
            where: asking(bare, size.tenants, (tenant) => [
              ['begin', []],
              ["select set_config('bench.context', $1, true)", [seal(tenant)]],
              ...repeat(explicit, [tenantId(tenant)]),
              ['commit', []],
            ]),
          },
          { clients: 1, ...timing },
        );
        result[`ratio_policy_where_${question}`] = rounded(1 / ratio('policy', 'where'));
        result[`policy_milliseconds_${question}`] = rounded(1000 / (rates['policy'] ?? 0) / batch);
        result[`where_milliseconds_${question}`] = rounded(1000 / (rates['where'] ?? 0) / batch);
      }
      const ratios = Object.keys(questions).map((question) => result[`ratio_policy_where_${question}`] ?? 0);
      return { ratio_policy_where: median(ratios), ...result };
    } finally {
      await Promise.all([app.end(), bare.end()]);
      await database.close();
    }
  },
};
