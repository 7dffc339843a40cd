import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { DataError } from '../../../packages/kernel/src/errors.ts';
import { TenantPool } from '../../../packages/kernel/src/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../harness/index.ts';
import { randomNumbers } from '../generatedSchema.ts';
import { Model, type Viewer } from './model.ts';
import { restore, safeSteps, steps, type Player } from './steps.ts';

const standard = `id uuid not null default gen_random_uuid(), tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(), deleted_at timestamptz,
  code text not null, title text not null`;
const company = 'company_id uuid not null default bulkhead.claimed_company_id()';
const schema = `
create schema library;
grant usage on schema library to bulkhead_app;
create table library.shelf (${standard}, primary key (tenant_id, id), unique (tenant_id, code));
create table library.book (${standard}, ${company}, shelf_id uuid, primary key (tenant_id, id),
  unique (tenant_id, company_id, id), unique (tenant_id, company_id, code),
  foreign key (tenant_id, shelf_id) references library.shelf (tenant_id, id));
create table library.slip (${standard}, ${company}, book_id uuid, primary key (tenant_id, id),
  foreign key (tenant_id, company_id, book_id) references library.book (tenant_id, company_id, id));
select bulkhead.protect_table('library.shelf');
select bulkhead.protect_table('library.book', 'company');
select bulkhead.protect_table('library.slip', 'company', '{"delete": "hard"}')`;

const id = (digit: string, n: number): string =>
  `${digit.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const tenants = ['a', 'b', 'c'].map((digit) => ({
  tenant: id(digit, 1),
  account: id(digit, 2),
  companies: [id(digit, 3), id(digit, 4)],
}));
type Tenant = (typeof tenants)[number];

const seed = Number(process.env['BULKHEAD_SEED'] ?? randomInt(2 ** 31));
const rounds = Number(process.env['BULKHEAD_STEPS'] ?? 1500);

let database: TestDatabase;
let pool: TenantPool;
before(async () => {
  database = await createTestDatabase();
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  await owner.query(schema);
  await owner.end();
  pool = new TenantPool({ connection: { ...database.connections.app, max: 4 }, sealer: database.sealer });
});
after(async () => {
  await pool.close();
  await database.drop();
});

type Life = { tenant: Tenant; model: Model; random: (limit: number) => number; nextId: () => string };

function lifeOf(tenant: Tenant, model: Model, at: number): Life {
  let n = 0;
  const nextId = (): string =>
    `${tenant.tenant.slice(0, 8)}-0000-4000-9000-${String((n += 1)).padStart(12, '0')}`;
  return { tenant, model, random: randomNumbers(seed + at), nextId };
}

/** So many rounds of a tenant's life: each a statement, a transaction kept or undone, or a batch. */
async function play({ tenant, model, random, nextId }: Life, count: number): Promise<void> {
  const foreign = model.all().filter((row) => row.tenant !== tenant.tenant);
  for (let round = 0; round < count; round += 1) {
    const viewer: Viewer = { tenant: tenant.tenant, company: [...tenant.companies, undefined][random(3)] };
    const session = pool.as({ ...viewer, actor: { kind: 'account', id: tenant.account } });
    const player: Player = {
      model,
      viewer,
      runner: session,
      random,
      nextId,
      companies: tenant.companies,
      foreign,
    };
    const kind = random(10);
    if (kind < 7) await steps[random(steps.length)]?.(player);
    else if (kind < 9) await transact(player, session);
    else await batch(player, session);
  }
}

type Session = ReturnType<TenantPool['as']>;
const undone = new Error('undone on purpose');

async function transact(player: Player, session: Session): Promise<void> {
  const { model, viewer, random } = player;
  const forget = model.remember(viewer.tenant);
  const keep = random(2) === 0;
  await session
    .transaction(async (tx) => {
      const inside: Player = { ...player, runner: tx };
      for (let more = random(4); more >= 0; more -= 1) await safeSteps[random(safeSteps.length)]?.(inside);
      await restore(inside);
      if (!keep) throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
      forget();
    });
}

async function batch({ model, viewer, random }: Player, session: Session): Promise<void> {
  const other = tenants[random(tenants.length)]?.tenant ?? '';
  const counting = 'select count(*)::int as count from library.book';
  const members = [{ text: counting }, { tenant: other, text: counting }];
  if (other === viewer.tenant) {
    const results = await session.batch(members);
    const count = model.visible(viewer, 'book').length;
    assert.deepEqual(
      results.map(({ rows }) => rows[0]?.['count']),
      [count, count],
    );
    return;
  }
  await assert.rejects(
    session.batch(members),
    (error) => error instanceof DataError && error.code === 'batch_straddles_tenants',
  );
  model.refusedBatches.set(viewer.tenant, (model.refusedBatches.get(viewer.tenant) ?? 0) + 1);
}

/** The whole database against the whole model, as the superuser sees it. */
async function compareWhole(model: Model): Promise<void> {
  const superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
  try {
    const { rows } = await superuser.query<Record<string, unknown>>(`
      select id, 'shelf' as table, tenant_id as tenant, null::uuid as company, code, title, deleted_at is not null as deleted, null::uuid as parent from library.shelf
      union all select id, 'book', tenant_id, company_id, code, title, deleted_at is not null, shelf_id from library.book
      union all select id, 'slip', tenant_id, company_id, code, title, deleted_at is not null, book_id from library.slip`);
    const byKey = (one: Record<string, unknown>, other: Record<string, unknown>): number =>
      `${String(one['tenant'])}${String(one['id'])}` < `${String(other['tenant'])}${String(other['id'])}`
        ? -1
        : 1;
    assert.deepEqual(rows.toSorted(byKey), model.all().toSorted(byKey));
    const entries = await superuser.query<{
      tenant: string;
      actor: string;
      changes: number;
      refusals: number;
    }>(`
      select tenant_id as tenant, actor_id as actor, count(*) filter (where action <> 'batch.refused')::int as changes,
        count(*) filter (where action = 'batch.refused')::int as refusals
      from bulkhead.audit_entry group by 1, 2 order by 1`);
    const expected = tenants.map(({ tenant, account }) => ({
      tenant,
      actor: account,
      changes: model.changes.get(tenant) ?? 0,
      refusals: model.refusedBatches.get(tenant) ?? 0,
    }));
    assert.deepEqual(entries.rows, expected);
  } finally {
    await superuser.end();
  }
}

test('ISO-3 ISO-9 three tenants at once, at random, against a model: no divergence and no foreign row', async (context) => {
  context.diagnostic(`BULKHEAD_SEED=${seed} replays it; BULKHEAD_STEPS=${rounds} rounds for each tenant`);
  const model = new Model();
  const lives = tenants.map((tenant, at) => lifeOf(tenant, model, at));
  // One after the other first, so that there is something of the others to aim at.
  for (const life of lives) await play(life, 50);
  await Promise.all(lives.map((life) => play(life, rounds)));
  await compareWhole(model);
  assert.equal(pool.counters().crossTenantRows, 0);
  context.diagnostic(`${model.all().length} rows at the end, ${pool.counters().statements} statements`);
});
