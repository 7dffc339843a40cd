import { scopeColumns, type Column, type ForeignKey, type Table } from './catalog.ts';
import type { World } from './worlds.ts';

/** Column name to SQL expression. */
export type Row = Record<string, string>;

/**
 * What a module says about one of its tables where the catalog does not say enough.
 * `n` differs between any two rows of a run, so that unique values can be built from it.
 */
export type Sample = {
  /** values where generic ones violate a check; they replace generic values, references included */
  values?: (n: number, world: World) => Row;
  /** the application's grants, where the module took more away than protect_table did */
  insertable?: false;
  /** the application's role may delete none, whatever the table's registration would let it */
  removable?: false;
  updatable?: string[];
  /** the constraint that refuses a second row of the same scope, for tables with one row for each */
  single?: string;
  /** checks that would refuse a trial before the wall it is about is reached; dropped in the copy under test */
  loosened?: readonly string[];
  /** roles beside the application that read some rows by a narrow policy, which its own test must show */
  readers?: readonly string[];
};

export type Samples = Readonly<Record<string, Sample>>;

export const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Some value of the type, different for each n where the type has so many. */
function genericValue(column: Column, n: number): string {
  const { type, label } = column;
  if (label !== null) return `${quote(label)}::${type}`;
  if (type.endsWith('[]')) return `'{}'::${type}`;
  if (type === 'uuid') return 'gen_random_uuid()';
  if (/^(text|character)/.test(type)) return quote(`value ${n}`);
  if (/^(smallint|integer|bigint|numeric|real|double)/.test(type)) return String(1 + (n % 30_000));
  if (type === 'boolean') return 'true';
  if (type === 'date') return `(date '2020-01-01' + ${n % 3000})`;
  if (type.startsWith('timestamp')) return `(timestamptz '2020-01-01' + ${n} * interval '1 second')`;
  if (type.startsWith('json')) return `'{"n": ${n}}'::${type}`;
  if (type === 'bytea') return `'\\x${n.toString(16).padStart(8, '0')}'`;
  if (type === 'inet') return `'192.0.2.${n % 250}'`;
  if (type === 'interval') return `interval '${n} seconds'`;
  throw new Error(`no generic value for ${type}: add the type here or the column to the module's sample`);
}

const scopeValue = (world: World): Row => ({
  tenant_id: quote(world.tenant),
  company_id: quote(world.company),
  account_id: quote(world.account),
});

/** The columns of a foreign key that name the parent's row, beside those that carry the scope. */
export function referring(key: ForeignKey, table: Table): [column: string, parentColumn: string][] {
  const scope = scopeColumns(table.scope);
  return key.columns.flatMap((column, at) => {
    const parentColumn = key.parentColumns[at];
    return scope.includes(column) || parentColumn === undefined ? [] : [[column, parentColumn]];
  });
}

export type RowRequest = {
  world: World;
  n: number;
  sample: Sample | undefined;
  /** the stored row of the world that a reference may point at */
  parentRow: (label: string, world: World) => Row | undefined;
};

/** A complete row for INSERT: scope, references to rows of the same world, and a value for whatever must have one. */
export function buildRow(table: Table, { world, n, sample, parentRow }: RowRequest): Row {
  const row: Row = {};
  const scope = scopeColumns(table.scope);
  for (const column of table.columns) {
    if (column.name === 'id' && column.type === 'uuid') row['id'] = rowId(n);
    else if (scope.includes(column.name)) row[column.name] = scopeValue(world)[column.name] ?? 'null';
    else if (column.required && !column.filled) row[column.name] = genericValue(column, n);
  }
  for (const key of table.foreignKeys) {
    const parent = parentRow(key.parent, world);
    for (const [column, parentColumn] of referring(key, table)) {
      const value = parent?.[parentColumn];
      if (value !== undefined) row[column] = value;
    }
  }
  return { ...row, ...sample?.values?.(n, world) };
}

/** A version 4 UUID made of n, so that each run is the same. */
export const rowId = (n: number): string =>
  quote(`0c0ffee0-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);

export function insertion(table: Table, row: Row): string {
  return `insert into ${table.label} (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`;
}
