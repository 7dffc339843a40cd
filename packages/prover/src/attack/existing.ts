import type { Relation } from '../catalog/types.ts';
import type { Arena } from './arena.ts';
import type { World } from './identity.ts';
import { labelOf, identifier, quote } from './sql.ts';
import type { Row, Side, Target } from './types.ts';

/**
 * Two tenants that have rows in a table already, for a table that takes no new ones; null when it has rows of fewer
 * than two, or nobody may look.
 */
export async function existingTenants(
  arena: Arena,
  { base, column }: Pick<Target, 'base' | 'column'>,
): Promise<Record<Side, string> | null> {
  if (column === null) return null;
  const name = identifier(column.name);
  // By index where there is one: the smallest and the largest.
  const query = `select min(${name}::text), max(${name}::text) from ${labelOf(base)}`;
  const outcome = await arena.prepare(null, query);
  const [ours, theirs] = outcome.kind === 'rows' ? (outcome.values[0] ?? []) : [];
  if (ours === null || ours === undefined || theirs === null || theirs === undefined || ours === theirs)
    return null;
  return { ours, theirs };
}

/** A row that a tenant has, complete. */
export async function existingRow(
  arena: Arena,
  { base, column }: Pick<Target, 'base' | 'column'>,
  world: World,
): Promise<Row | null> {
  if (column === null) return null;
  const columns = stored(base);
  const values = columns.map((each) => `${identifier(each)}::text`).join(', ');
  const query = `select ${values} from ${labelOf(base)} where ${identifier(column.name)}::text = ${quote(world.values.text)} limit 1`;
  const outcome = await arena.prepare(null, query);
  const found = outcome.kind === 'rows' ? outcome.values[0] : undefined;
  if (found === undefined) return null;
  return Object.fromEntries(
    columns.map((name, at): [string, string] => {
      const value = found[at];
      return [name, value === null || value === undefined ? 'null' : quote(value)];
    }),
  );
}

const stored = ({ columns }: Relation): string[] =>
  columns.filter(({ generated }) => generated === null).map(({ name }) => name);
