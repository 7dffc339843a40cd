import pg from 'pg';
import { compare, rounded, type Way } from './compare.ts';
import { columns, contextOf, fillItems, openBenchDatabase, sequence, tenantId } from './database.ts';
import type { BenchDatabase, Size } from './database.ts';
import type { Benchmark } from './benchmark.ts';

type Question = { scoped: string; explicit: string };

/** Each question as the application asks it, and with what a policy adds written out. */
const questions: Record<string, Question> = {
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

type Query = { text: string; values: unknown[]; name?: string };

/** One transaction, in which one tenant asks ten times: the price of the policy without that of the connection. */
function asking(
  client: pg.Client,
  tenants: number,
  ask: (tenant: number) => { context: Query; question: Query },
): Way {
  const next = sequence(11);
  return async () => {
    const { context, question } = ask(next(tenants));
    await client.query('begin');
    await client.query(context);
    for (let time = 0; time < batch; time += 1) await client.query(question);
    await client.query('commit');
  };
}

const batch = 10;

type Roles = { database: BenchDatabase; app: pg.Client; bare: pg.Client; tenants: number };

/** @param kept the plan's name; without it each statement is planned anew, as behind PgBouncer */
function ways(
  { database, app, bare, tenants }: Roles,
  question: Question,
  kept?: string,
): Record<string, Way> {
  const named = kept === undefined ? {} : { name: kept };
  const context = (setting: string, tenant: number): Query => ({
    text: 'select set_config($1, $2, true)',
    values: [setting, database.sealer.seal(contextOf(tenant))],
    name: 'context',
  });
  return {
    policy: asking(app, tenants, (tenant) => ({
      context: context('bulkhead.context', tenant),
      question: { text: question.scoped, values: [], ...named },
    })),
    where: asking(bare, tenants, (tenant) => ({
      context: context('bench.context', tenant),
      question: { text: question.explicit, values: [tenantId(tenant)], ...named },
    })),
  };
}

const geometricMean = (values: number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export const rlsPolicy: Benchmark = {
  compared:
    "the same question of one tenant, in a transaction under its context: the kernel's policies against the same " +
    'conditions written out by a role that bypasses them; time with the policy over time without. Plans are kept, as ' +
    'TenantPool keeps them; _planned: each statement is planned anew. ratio_policy_where is the geometric mean',
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
      const roles = { database, app, bare, tenants: size.tenants };
      const result: Record<string, number> = {};
      const ratios: number[] = [];
      for (const [name, question] of Object.entries(questions)) {
        progress(name);
        const kept = await compare(ways(roles, question, name), { clients: 1, ...timing });
        const planned = await compare(ways(roles, question), { clients: 1, ...timing });
        ratios.push(1 / kept.ratio('policy', 'where'));
        result[`ratio_policy_where_${name}`] = rounded(1 / kept.ratio('policy', 'where'));
        result[`ratio_policy_where_${name}_planned`] = rounded(1 / planned.ratio('policy', 'where'));
        result[`policy_milliseconds_${name}`] = rounded(1000 / (kept.rates['policy'] ?? 0) / batch);
        result[`where_milliseconds_${name}`] = rounded(1000 / (kept.rates['where'] ?? 0) / batch);
      }
      return { ratio_policy_where: rounded(geometricMean(ratios)), ...result };
    } finally {
      await Promise.all([app.end(), bare.end()]);
      await database.close();
    }
  },
};
