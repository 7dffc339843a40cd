import { scopeColumns, type Table } from './catalog.ts';
import { isValid, neighbours, type Scene } from './expectation.ts';
import type { Outcome } from './outcome.ts';
import { buildRow, type Row } from './rows.ts';
import { worlds, type World } from './worlds.ts';

export type Trial = { operation: string; target: string; sql: string; expected: Outcome };

/** The worlds whose rows are aimed at: with a sound context every kind, without one the own. */
export const targets = ({ table, context }: Scene): World[] =>
  isValid(context) ? [worlds.own, ...neighbours(table)] : [worlds.own];

/** The condition that finds the row by its id and scope. */
export function of(table: Table, row: Row, alias = 't'): string {
  const columns = ['id', ...scopeColumns(table.scope)];
  return columns.map((column) => `${alias}.${column} = ${row[column]}`).join(' and ');
}

/** A row that was never stored. */
export function newRow({ table, seeded, sample }: Scene, world: World): Row {
  const parentRow = (label: string, home: World): Row | undefined => seeded.rows.get(label)?.get(home.name);
  return buildRow(table, { world, n: seeded.nextNumber(), sample, parentRow });
}
