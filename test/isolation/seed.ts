import type pg from 'pg';
import { scopeColumns, type Table } from './catalog.ts';
import { buildRow, insertion, quote, type Row, type Samples } from './rows.ts';
import { allWorlds, type World } from './worlds.ts';

/** Rows of every world in every table, and a source of further numbers. */
export type Seeded = {
  rows: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  /** live rows of a world in a table, counted by the superuser */
  live: (table: Table, world: World) => number;
  rowOf: (table: Table, world: World) => Row;
  nextNumber: () => number;
};

const perWorld = 2;

/**
 * Puts rows of every world into every table, as the superuser and without triggers, and proves that they are there:
 * a cell in which nothing is seen says something only if there was something to see.
 * @throws when a table cannot be filled, naming it
 */
export async function seedWorlds(
  superuser: pg.Client,
  tables: readonly Table[],
  samples: Samples,
): Promise<Seeded> {
  let n = 0;
  const nextNumber = (): number => (n += 1);
  const rows = new Map<string, Map<string, Row>>();
  await superuser.query('set session_replication_role = replica');
  for (const table of tables.filter(({ treatment }) => treatment !== 'exempt')) {
    const stored = new Map<string, Row>();
    rows.set(table.label, stored);
    for (const world of allWorlds) {
      stored.set(world.name, await fill(superuser, { table, world, samples, rows, nextNumber }));
    }
  }
  await superuser.query('reset session_replication_role');
  const counts = await countLive(superuser, tables);
  return {
    rows,
    nextNumber,
    live: (table, world) => counts.get(`${table.label} ${worldKey(table, world)}`) ?? 0,
    rowOf: (table, world) => {
      const row = rows.get(table.label)?.get(world.name);
      if (row === undefined) throw new Error(`${table.label} has no row of ${world.name}`);
      return row;
    },
  };
}

type Filling = {
  table: Table;
  world: World;
  samples: Samples;
  rows: ReadonlyMap<string, ReadonlyMap<string, Row>>;
  nextNumber: () => number;
};

/** Two live rows and, where rows are marked deleted, a deleted one; answers the first row as it was stored. */
async function fill(
  superuser: pg.Client,
  { table, world, samples, rows, nextNumber }: Filling,
): Promise<Row> {
  const sample = samples[table.label];
  const parentRow = (label: string, of: World): Row | undefined => rows.get(label)?.get(of.name);
  const build = (): Row => buildRow(table, { world, n: nextNumber(), sample, parentRow });
  try {
    if (table.treatment === 'shared' || sample?.single !== undefined) {
      const existing = await storedRow(superuser, table, scopeCondition(table, world));
      if (existing !== undefined) return existing;
    }
    const first = build();
    await superuser.query(insertion(table, first));
    if (sample?.single === undefined) {
      for (let more = 1; more < perWorld; more += 1) await superuser.query(insertion(table, build()));
      if (table.deleteMode === 'soft') {
        await superuser.query(insertion(table, { ...build(), deleted_at: `timestamptz '2021-01-01'` }));
      }
    }
    const stored = await storedRow(superuser, table, identity(first));
    if (stored === undefined) throw new Error('the row that was inserted is not there');
    return stored;
  } catch (cause) {
    throw new Error(
      `${table.label} has no working sample: add one for it to the module's samples (${String(cause)})`,
      { cause },
    );
  }
}

function identity(row: Row): string {
  return Object.entries(row)
    .filter(([, value]) => /^'[^']*'$/.test(value))
    .map(([column, value]) => `${column} = ${value}`)
    .join(' and ');
}

/** A row as literals that INSERT takes back. */
async function storedRow(superuser: pg.Client, table: Table, condition: string): Promise<Row | undefined> {
  const { rows } = await superuser.query<Record<string, string | null>>(
    `select ${table.columns.map(({ name }) => `${name}::text`).join(', ')} from ${table.label} where ${condition} limit 1`,
  );
  const found = rows[0];
  if (found === undefined) return undefined;
  const filled = table.columns.filter(({ name, generated }) => !generated && found[name] !== null);
  return Object.fromEntries(filled.map(({ name, type }) => [name, `${quote(found[name] ?? '')}::${type}`]));
}

function scopeCondition(table: Table, world: World): string {
  const values = [world.tenant, table.scope === 'company' ? world.company : world.account];
  const conditions = scopeColumns(table.scope).map((column, at) => `${column} = ${quote(values[at] ?? '')}`);
  return ['true', ...conditions].join(' and ');
}

function worldKey(table: Table, world: World): string {
  const values: Record<string, string> = {
    tenant_id: world.tenant,
    company_id: world.company,
    account_id: world.account,
  };
  return scopeColumns(table.scope)
    .map((column) => values[column])
    .join('.');
}

async function countLive(superuser: pg.Client, tables: readonly Table[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const table of tables) {
    if (table.treatment !== 'protected') continue;
    const columns = scopeColumns(table.scope);
    const { rows } = await superuser.query<{ key: string; count: string }>(
      `select concat_ws('.', ${columns.join(', ')}) as key, count(*) from ${table.label}
      where deleted_at is null group by 1`,
    );
    for (const { key, count } of rows) counts.set(`${table.label} ${key}`, Number(count));
  }
  return counts;
}
