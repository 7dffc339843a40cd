import type { Column } from '../catalog/types.ts';
import { keyColumns } from './draft.ts';
import { tenantLiteral } from './identity.ts';
import { columnOf, identifier } from './sql.ts';
import type { Row, Scene, Side } from './types.ts';
import { valueFor } from './values.ts';

/** The tenant's literal for the target's column. */
export function tenantOf(scene: Scene, side: Side): string {
  const { column } = scene.target;
  return column === null ? 'null' : tenantLiteral(scene.worlds[side].values, column);
}

/** Condition that holds for a tenant's rows only. */
export function belongs(scene: Scene, side: Side): string {
  const { column, can } = scene.target;
  const whole = `${identifier(column?.name ?? '')} = ${tenantOf(scene, side)}`;
  if (column === null || can.select.has(column.name)) return whole;
  const key = locator(scene, side);
  return key !== null && [...primaryKey(scene)].every((name) => can.select.has(name)) ? key : whole;
}

const primaryKey = ({ target }: Scene): readonly string[] =>
  target.base.keys.find(({ kind }) => kind === 'primary')?.columns ?? [];

/** Condition that finds the row we made, by its primary key; null without one. */
export function locator(scene: Scene, side: Side): string | null {
  const row = scene.rows[side];
  const names = primaryKey(scene);
  if (row === null || names.length === 0 || !names.every((name) => name in row)) return null;
  if (!names.every((name) => columnOf(scene.target.relation, name) !== undefined)) return null;
  return names.map((name) => `${identifier(name)} = ${row[name]}`).join(' and ');
}

/** Columns to select: those the role may read, or all, so that the refusal is Postgres' own. */
export function readable({ target }: Scene): string {
  const names = target.relation.columns.map(({ name }) => name).filter((name) => target.can.select.has(name));
  return names.length === 0 || names.length === target.relation.columns.length
    ? '*'
    : names.map(identifier).join(', ');
}

/** A column that can be changed without breaking anything: neither key, reference nor tenant, plain text before others. */
export function changeable({ target }: Scene): Column | null {
  const taken = new Set([
    ...keyColumns(target.base),
    ...target.base.foreignKeys.flatMap(({ columns }) => columns),
    target.column?.name,
  ]);
  const free = target.relation.columns.filter(
    ({ name, generated, identity }) =>
      generated === null && identity !== 'always' && target.can.update.has(name),
  );
  const harmless = free.filter(({ name }) => !taken.has(name));
  return harmless.find(({ type }) => type === 'text') ?? harmless[0] ?? free[0] ?? null;
}

/** A new row like the one a side has: other keys, and only what the role may set; `set` wins over everything. */
export function another(scene: Scene, side: Side, set: Row = {}): Row | null {
  const { base, relation, can, column } = scene.target;
  const model = scene.rows[side];
  if (model === null) return null;
  const references = new Set(base.foreignKeys.flatMap(({ columns }) => columns));
  const keys = keyColumns(base);
  const row: Record<string, string> = {};
  for (const each of relation.columns) {
    const value = model[each.name];
    const own = columnOf(base, each.name);
    if (value === undefined || own === undefined || own.generated !== null) continue;
    const needed = can.insert.has(each.name) || each.name === column?.name || each.name in set;
    if (!needed || (value === 'null' && !(each.name in set))) continue;
    const renewed =
      keys.has(each.name) &&
      !references.has(each.name) &&
      each.name !== column?.name &&
      !scene.placed.has(each.name);
    row[each.name] = set[each.name] ?? (renewed ? valueFor(own, scene.next(), true) : value);
  }
  return { ...row, ...set };
}
