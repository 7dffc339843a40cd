import { scopeColumns, type ForeignKey, type Table } from './catalog.ts';
import {
  ifMay,
  isRefused,
  isValid,
  neighbours,
  oneIfSeen,
  rightsOf,
  visible,
  written,
  type Rights,
  type Scene,
} from './expectation.ts';
import { contextRefused, guardRefused, privilegeRefused, rows, type Outcome } from './outcome.ts';
import { buildRow, insertion, referring, type Row } from './rows.ts';
import { worlds, type World } from './worlds.ts';

export type Trial = { operation: string; target: string; sql: string; expected: Outcome };

/** The operations on a protected table that a scene allows to tell, each with the one outcome that is right. */
export function trialsOf(scene: Scene): Trial[] {
  const rights = rightsOf(scene);
  return [
    ...readTrials(scene, rights),
    ...insertTrials(scene, rights),
    ...updateTrials(scene, rights),
    ...removeTrials(scene, rights),
    ...referenceTrials(scene, rights),
  ];
}

/** The worlds whose rows are aimed at: with a sound context every kind, without one the own. */
const targets = ({ table, context }: Scene): World[] =>
  isValid(context) ? [worlds.own, ...neighbours(table)] : [worlds.own];

function of(table: Table, row: Row, alias = 't'): string {
  const columns = ['id', ...scopeColumns(table.scope)];
  return columns.map((column) => `${alias}.${column} = ${row[column]}`).join(' and ');
}

function readTrials(scene: Scene, { select }: Rights): Trial[] {
  const { table, seeded, context } = scene;
  const all = ifMay(select, visible(scene));
  const tenant = isRefused(context) ? all : ifMay(select, `value ${isValid(context) ? worlds.own.tenant : 'null'}`);
  const from = `from ${table.label} t`;
  const whole: Trial[] = [
    { operation: 'select', target: 'all', sql: `select * ${from}`, expected: all },
    { operation: 'count', target: 'all', sql: `?select count(*) ${from}`, expected: all.replace('rows', 'value') },
    { operation: 'aggregate', target: 'all', sql: `?select string_agg(distinct tenant_id::text, ',') ${from}`, expected: tenant },
    { operation: 'join', target: 'all', sql: `select ${from} join ${table.label} u on u.id = t.id and u.tenant_id = t.tenant_id`, expected: all },
    { operation: 'exists', target: 'all', sql: `?select exists (select ${from} where t.tenant_id <> '${worlds.own.tenant}')`, expected: ifMay(select, isRefused(context) ? contextRefused : 'value false') },
  ];
  const aimed = targets(scene).flatMap((world): Trial[] => {
    const row = seeded.rowOf(table, world);
    const expected = ifMay(select, oneIfSeen(scene, world));
    return [
      { operation: 'select', target: world.name, sql: `select ${from} where ${of(table, row)}`, expected },
      { operation: 'join', target: world.name, sql: `select ${from} left join ${table.label} u on ${of(table, row, 'u')} where u.id is not null limit 1`, expected },
      { operation: 'union', target: world.name, sql: `select id from ${table.label} t where false union select id ${from} where ${of(table, row)}`, expected },
    ];
  });
  return [...whole, ...aimed];
}

function newRow({ table, seeded, sample }: Scene, world: World): Row {
  const parentRow = (label: string, home: World): Row | undefined => seeded.rows.get(label)?.get(home.name);
  return buildRow(table, { world, n: seeded.nextNumber(), sample, parentRow });
}

function insertTrials(scene: Scene, rights: Rights): Trial[] {
  const { table, seeded, sample } = scene;
  const column = rights.updatable[0];
  return targets(scene).flatMap((world): Trial[] => {
    const target = world.name;
    const row = newRow(scene, world);
    const expected = ifMay(rights.insert, written(scene, world));
    const clash = insertion(table, { ...row, id: seeded.rowOf(table, world)['id'] ?? '' });
    const isOwn = world === worlds.own;
    const nothing = expected.startsWith('rows') || expected.startsWith('23505') ? rows(0) : expected;
    const upsert = expected.startsWith('rows') || expected.startsWith('23505') ? rows(1) : expected;
    return [
      { operation: 'insert', target, sql: insertion(table, row), expected },
      { operation: 'insert returning', target, sql: `${insertion(table, row)} returning id`, expected },
      { operation: 'on conflict do nothing', target, sql: `${clash} on conflict do nothing`, expected: isOwn || !expected.startsWith('rows') ? nothing : expected },
      {
        operation: 'on conflict do update',
        target,
        sql: `${clash} on conflict (tenant_id, id) do update set ${column ?? 'id'} = excluded.${column ?? 'id'}`,
        expected: ifMay(column !== undefined, upsert),
      },
      // T-11: another's values, all unique ones included, taken for oneself. It must go as if the other had none.
      ...(isOwn || !isValid(scene.context)
        ? []
        : [{ operation: 'take values', target, sql: insertion(table, borrowed(scene, world)), expected: ifMay(rights.insert, takes(scene)) }]),
    ];
  });
  function takes(at: Scene): Outcome {
    return sample?.single === undefined ? rows(1) : written(at, worlds.own);
  }
}

/** The neighbour's row with the own scope; what it refers to stays the own world's. */
function borrowed(scene: Scene, world: World): Row {
  const { table, seeded } = scene;
  const own = newRow(scene, worlds.own);
  const kept = new Set([
    ...scopeColumns(table.scope),
    ...table.foreignKeys.flatMap((key) => referring(key, table).map(([column]) => column)),
    'created_at',
    'updated_at',
    'deleted_at',
  ]);
  const foreign = Object.entries(seeded.rowOf(table, world)).filter(([column]) => !kept.has(column));
  // With another company or account of the tenant the key (tenant_id, id) is taken by right.
  if (world.tenant === worlds.own.tenant) return { ...own, ...Object.fromEntries(foreign), id: own['id'] ?? '' };
  return { ...own, ...Object.fromEntries(foreign) };
}

function updateTrials(scene: Scene, { updatable, select }: Rights): Trial[] {
  const { table, seeded, role } = scene;
  const column = updatable[0] ?? 'id';
  const may = updatable.length > 0;
  const set = `update ${table.label} t set ${column} = ${column}`;
  const moves = ['tenant_id', ...scopeColumns(table.scope).slice(1), 'id', 'created_at'];
  return [
    { operation: 'update', target: 'all', sql: set, expected: ifMay(may, visible(scene)) },
    ...targets(scene).flatMap((world): Trial[] => {
      const condition = of(table, seeded.rowOf(table, world));
      const expected = ifMay(may, oneIfSeen(scene, world));
      return [
        { operation: 'update', target: world.name, sql: `${set} where ${condition}`, expected },
        { operation: 'update from', target: world.name, sql: `${set.replaceAll(`= ${column}`, `= t.${column}`)} from ${table.label} u where ${condition} and u.id = t.id and u.tenant_id = t.tenant_id`, expected },
        { operation: 'lock', target: world.name, sql: `select from ${table.label} t where ${condition} for update`, expected: ifMay(may && select, oneIfSeen(scene, world)) },
        { operation: 'merge', target: world.name, sql: `merge into ${table.label} t using (select 1) s on ${condition} when matched then update set ${column} = t.${column}`, expected },
        { operation: 'mark deleted', target: world.name, sql: `update ${table.label} t set deleted_at = now() where ${condition}`, expected: ifMay(role === 'owner' || updatable.includes('deleted_at'), oneIfSeen(scene, world)) },
      ];
    }),
    ...moves.map((moved): Trial => ({
      operation: `move ${moved}`,
      target: 'own',
      sql: `update ${table.label} t set ${moved} = ${elsewhere(moved)} where ${of(table, seeded.rowOf(table, worlds.own))}`,
      expected: role === 'owner' ? movedByOwner(scene, moved) : privilegeRefused,
    })),
  ];
}

function elsewhere(column: string): string {
  if (column === 'tenant_id') return `'${worlds.otherTenant.tenant}'`;
  if (column === 'company_id') return `'${worlds.otherTenant.company}'`;
  if (column === 'account_id') return `'${worlds.otherTenant.account}'`;
  return column === 'id' ? 'gen_random_uuid()' : `timestamptz '2001-01-01'`;
}

function movedByOwner(scene: Scene, column: string): Outcome {
  const seen = oneIfSeen(scene, worlds.own);
  if (seen !== rows(1)) return seen;
  if (column === 'company_id' && scene.context === 'allCompanies') return rows(1);
  return column === 'company_id' || column === 'account_id' ? '42501 policy' : guardRefused;
}

function removeTrials(scene: Scene, { remove }: Rights): Trial[] {
  const { table, seeded, role } = scene;
  const guarded = role === 'owner' && table.deleteMode !== 'hard';
  const allowed = (outcome: Outcome): Outcome => (guarded ? guardRefused : ifMay(remove, outcome));
  const isOwner = role === 'owner';
  return [
    { operation: 'delete', target: 'all', sql: `delete from ${table.label}`, expected: allowed(visible(scene)) },
    ...targets(scene).map((world): Trial => ({
      operation: 'delete',
      target: world.name,
      sql: `delete from ${table.label} t where ${of(table, seeded.rowOf(table, world))}`,
      expected: allowed(oneIfSeen(scene, world)),
    })),
    { operation: 'truncate', target: 'all', sql: `truncate ${table.label} cascade`, expected: isOwner ? guardRefused : privilegeRefused },
    // Whoever may delete rows may lock the table: Postgres knows no finer right. docs/design/isolation-proof.md tells.
    { operation: 'lock table', target: 'all', sql: `lock table ${table.label} in access exclusive mode`, expected: ifMay(isOwner || (remove && role === 'app'), rows(0)) },
    { operation: 'references privilege', target: 'all', sql: `?select has_any_column_privilege('${table.label}', 'references')`, expected: `value ${isOwner}` },
    { operation: 'trigger privilege', target: 'all', sql: `?select has_table_privilege('${table.label}', 'trigger')`, expected: `value ${isOwner}` },
  ];
}

/** Rows that refer, through each foreign key in turn, to a row of another world. */
function referenceTrials(scene: Scene, rights: Rights): Trial[] {
  const { table, context } = scene;
  if (context !== 'own') return [];
  return table.foreignKeys.flatMap((key) =>
    neighbours(table).flatMap((world): Trial[] => {
      const foreign = foreignReference(scene, key, world);
      if (foreign === undefined) return [];
      const refused = `23503 ${key.name}`;
      const columns = Object.keys(foreign);
      const set = columns.map((column) => `${column} = ${foreign[column]}`).join(', ');
      const mayUpdate = columns.every((column) => rights.updatable.includes(column)) || scene.role === 'owner';
      const own = of(table, scene.seeded.rowOf(table, worlds.own));
      return [
        { operation: `refer by ${key.name}`, target: world.name, sql: insertion(table, { ...newRow(scene, worlds.own), ...foreign }), expected: ifMay(rights.insert, scene.sample?.single === undefined ? refused : `23505 ${scene.sample.single}`) },
        { operation: `repoint ${key.name}`, target: world.name, sql: `update ${table.label} t set ${set} where ${own}`, expected: ifMay(mayUpdate, refused) },
      ];
    }),
  );
}

/** The referring columns with the neighbour's values, unless the key may rightly point there or has only the scope. */
function foreignReference({ table, seeded }: Scene, key: ForeignKey, world: World): Row | undefined {
  const parent = seeded.rows.get(key.parent)?.get(world.name);
  const ownParent = seeded.rows.get(key.parent)?.get(worlds.own.name);
  const pairs = referring(key, table);
  if (parent === undefined || ownParent === undefined || pairs.length === 0) return undefined;
  if (!key.columns.includes('tenant_id')) return undefined;
  const carriesDifference = key.columns.some(
    (column, at) => scopeColumns(table.scope).includes(column) && parent[key.parentColumns[at] ?? ''] !== ownParent[key.parentColumns[at] ?? ''],
  );
  if (!carriesDifference) return undefined;
  return Object.fromEntries(pairs.map(([column, parentColumn]) => [column, parent[parentColumn] ?? 'null']));
}
