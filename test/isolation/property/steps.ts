import assert from 'node:assert/strict';
import { DataError, type DataErrorCode } from '../../../packages/kernel/src/errors.ts';
import type { Model, ModelRow, TableName, Viewer } from './model.ts';

/** What runs statements: a session, or a transaction of one. */
export type Runner = {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number }>;
};

/** One tenant's player: draws operations, runs them on the database and on the model, and compares. */
export type Player = {
  model: Model;
  viewer: Viewer;
  runner: Runner;
  random: (limit: number) => number;
  nextId: () => string;
  companies: readonly string[];
  /** rows of the other tenants as they once were: aims that must miss, the same whatever the others do meanwhile */
  foreign: readonly ModelRow[];
};

export type Step = (player: Player) => Promise<void>;

type Outcome = number | DataErrorCode;

async function outcomeOf(work: Promise<{ rowCount: number }>): Promise<Outcome> {
  try {
    return (await work).rowCount;
  } catch (error) {
    if (error instanceof DataError) return error.code;
    throw error;
  }
}

const tables: readonly TableName[] = ['shelf', 'book', 'slip'];
const parentOf: Readonly<Record<TableName, TableName | null>> = { shelf: null, book: 'shelf', slip: 'book' };

function pick<T>({ random }: Player, from: readonly T[]): T | undefined {
  return from[random(from.length)];
}

/** The tenant's own row or another's. */
function anyRow(player: Player, table?: TableName): ModelRow | undefined {
  const own = player.model.all(table).filter(({ tenant }) => tenant === player.viewer.tenant);
  return pick(player, [
    ...own,
    ...player.foreign.filter((row) => table === undefined || row.table === table),
  ]);
}

/** What an aim at this id in this table hits: the viewer's own row of that id, if it is in sight. */
function hit({ model, viewer }: Player, { table, id }: ModelRow): ModelRow | undefined {
  const own = model.find(viewer.tenant, id);
  return own !== undefined && own.table === table && !own.deleted && model.sees(viewer, own)
    ? own
    : undefined;
}

function draftRow(player: Player): ModelRow {
  const { viewer, random, nextId, companies } = player;
  const table = pick(player, tables) ?? 'shelf';
  const company = table === 'shelf' ? null : (viewer.company ?? pick(player, companies) ?? null);
  const parentTable = parentOf[table];
  // One in four refers to whatever row there is, of whichever tenant.
  const mayBeForeign = parentTable !== null && random(4) === 0;
  const own =
    parentTable === null
      ? []
      : player.model.visible({ ...viewer, company: company ?? undefined }, parentTable);
  const parent =
    parentTable === null ? undefined : mayBeForeign ? anyRow(player, parentTable) : pick(player, own);
  return {
    id: nextId(),
    table,
    tenant: viewer.tenant,
    company,
    code: `c${random(40)}`,
    title: `t${random(1000)}`,
    deleted: false,
    parent: parent?.id ?? null,
  };
}

const add: Step = async (player) => {
  const { model, runner, random } = player;
  const row = draftRow(player);
  const other = pick(player, player.foreign);
  // One in four takes another tenant's id, and half of those claim its tenant too.
  const takes = random(4) === 0 && other?.table === row.table;
  if (takes) row.id = other.id;
  const claim = takes && random(2) === 0 ? other : undefined;
  const columns = [
    'id',
    'tenant_id',
    'code',
    'title',
    ...(row.table === 'shelf' ? [] : ['company_id', `${parentOf[row.table]}_id`]),
  ];
  const tenant = claim?.tenant ?? row.tenant;
  const values = [
    row.id,
    tenant,
    row.code,
    row.title,
    ...(row.table === 'shelf' ? [] : [row.company, row.parent]),
  ];
  const places = values.map((_, at) => `$${at + 1}`).join(', ');
  const outcome = await outcomeOf(
    runner.query(`insert into library.${row.table} (${columns.join(', ')}) values (${places})`, values),
  );
  if (claim !== undefined) {
    assert.equal(outcome, 'row_refused');
    return;
  }
  const expected = model.taken(row) ? 'already_exists' : model.refersSoundly(row) ? 1 : 'reference_missing';
  assert.equal(outcome, expected, JSON.stringify(row));
  if (expected === 1) model.put(row);
};

const retitle: Step = async (player) => {
  const { model, runner, random } = player;
  const row = anyRow(player);
  if (row === undefined) return;
  const title = `t${random(1000)}`;
  const own = hit(player, row);
  const outcome = await outcomeOf(
    runner.query(`update library.${row.table} set title = $1 where id = $2`, [title, row.id]),
  );
  assert.equal(outcome, own === undefined ? 0 : 1, JSON.stringify(row));
  if (own !== undefined) model.put({ ...own, title });
};

const retitleAll: Step = async ({ model, viewer, runner, random }) => {
  const title = `all${random(1000)}`;
  const rows = model.visible(viewer, 'slip');
  assert.equal(await outcomeOf(runner.query('update library.slip set title = $1', [title])), rows.length);
  for (const row of rows) model.put({ ...row, title });
};

const remove: Step = async (player) => {
  const { model, runner } = player;
  const row = anyRow(player);
  if (row === undefined) return;
  const own = hit(player, row);
  const hard = row.table === 'slip';
  const text = hard
    ? 'delete from library.slip where id = $1'
    : `update library.${row.table} set deleted_at = now() where id = $1`;
  assert.equal(await outcomeOf(runner.query(text, [row.id])), own === undefined ? 0 : 1, JSON.stringify(row));
  if (own === undefined) return;
  if (hard) model.remove(own);
  else model.put({ ...own, deleted: true });
};

const removeForGood: Step = async (player) => {
  const row = anyRow(player);
  if (row === undefined || row.table === 'slip') return;
  assert.equal(
    await outcomeOf(player.runner.query(`delete from library.${row.table} where id = $1`, [row.id])),
    'delete_refused',
  );
};

const move: Step = async (player) => {
  const row = anyRow(player);
  const to = anyRow(player);
  if (row === undefined || to === undefined) return;
  const text = `update library.${row.table} set tenant_id = $1 where id = $2`;
  assert.equal(await outcomeOf(player.runner.query(text, [to.tenant, row.id])), 'privilege_refused');
};

const list: Step = async (player) => {
  const { model, viewer, runner } = player;
  const table = pick(player, tables) ?? 'shelf';
  const { rows } = await runner.query(`select id, tenant_id, code, title from library.${table} order by id`);
  const expected = model
    .visible(viewer, table)
    .map(({ id, tenant, code, title }) => ({ id, tenant_id: tenant, code, title }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    expected,
  );
};

const count: Step = async (player) => {
  const { model, viewer, runner } = player;
  const { rows } = await runner.query(`select (select count(*)::int from library.book) as books,
    (select count(*)::int from library.slip s join library.book b on b.id = s.book_id) as slips`);
  const books = model.visible(viewer, 'book');
  const ids = new Set(books.map(({ id }) => id));
  const slips = model.visible(viewer, 'slip').filter(({ parent }) => parent !== null && ids.has(parent));
  assert.deepEqual({ ...rows[0] }, { books: books.length, slips: slips.length });
};

/** Steps that leave a transaction usable whatever comes of them, and those that an error ends. */
export const steps: readonly Step[] = [
  add,
  add,
  add,
  retitle,
  retitleAll,
  remove,
  removeForGood,
  move,
  list,
  count,
];
export const safeSteps: readonly Step[] = [retitle, retitleAll, remove, list, count];

/** Brings a deleted row back, if it is the viewer's. */
export async function restore(player: Player): Promise<void> {
  const { model, viewer, runner } = player;
  const strangers = player.foreign.filter(
    ({ id, table }) => table !== 'slip' && model.find(viewer.tenant, id) === undefined,
  );
  const own = model.all().filter((each) => each.deleted && each.tenant === viewer.tenant);
  const row = pick(player, [...own, ...strangers]);
  if (row === undefined) return;
  await runner.query(`select set_config('bulkhead.deleted', 'visible', true)`);
  const outcome = await outcomeOf(
    runner.query(`update library.${row.table} set deleted_at = null where id = $1`, [row.id]),
  );
  const seen = model.sees(viewer, row);
  assert.equal(outcome, seen ? 1 : 0, JSON.stringify(row));
  if (seen) model.put({ ...row, deleted: false });
}
