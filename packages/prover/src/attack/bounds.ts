import type { Arena } from './arena.ts';
import type { Row } from './types.ts';

type Part = { id: string; parent: string; columns: readonly string[]; values: readonly string[] };

/**
 * Values of partition keys that a row needs to be in each partition, and in some partition for a partitioned parent, by
 * relation id. Hashed keys have none: any value is in some partition, and which one cannot be chosen.
 */
export async function readBounds(arena: Arena): Promise<Map<string, Row>> {
  const rows =
    await arena.ask(`select i.inhrelid::text, i.inhparent::text, pg_get_expr(c.relpartbound, c.oid),
      (select json_agg(a.attname order by k.at) from pg_partitioned_table p, unnest(p.partattrs::int2[]) with ordinality as k (number, at),
        pg_attribute a where p.partrelid = i.inhparent and a.attrelid = i.inhparent and a.attnum = k.number)
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid where c.relispartition and c.relpartbound is not null order by i.inhrelid`);
  const parts = rows.map(([id, parent, bound, columns]): Part => ({
    id: id ?? '',
    parent: parent ?? '',
    columns: JSON.parse(columns ?? '[]') as string[],
    values: valuesOf(bound ?? ''),
  }));
  const byId = new Map(parts.map((part) => [part.id, part]));
  const bounds = new Map<string, Row>();
  for (const part of parts) {
    let row: Row = {};
    // From the top down, so that a nearer parent's narrower bound stands.
    for (let at: Part | undefined = part; at !== undefined; at = byId.get(at.parent))
      row = { ...ownRow(at), ...row };
    bounds.set(part.id, row);
    for (let at: Part | undefined = part; at !== undefined; at = byId.get(at.parent)) {
      const known = bounds.get(at.parent);
      if (known === undefined || Object.keys(known).length < Object.keys(row).length)
        bounds.set(at.parent, row);
    }
  }
  return bounds;
}

const ownRow = ({ columns, values }: Part): Row =>
  Object.fromEntries(
    columns.flatMap((name, at) =>
      values[at] === undefined || values[at] === '' ? [] : [[name, values[at]]],
    ),
  );

/** First values of `FOR VALUES FROM (…)` or `IN (…)`, as literals; '' where the bound has no value. */
function valuesOf(bound: string): string[] {
  const found = /^FOR VALUES (FROM|IN) \(/.exec(bound);
  if (found === null) return [];
  const values: string[] = [];
  const rest = bound.slice(found[0].length);
  for (const [, literal, word] of rest.matchAll(/('(?:[^']|'')*'|([^,()\s']+))\s*(?:,|\))/g)) {
    values.push(word === 'MINVALUE' || word === 'MAXVALUE' || word === 'NULL' ? '' : (literal ?? ''));
    if (found[1] === 'IN') break;
  }
  const end = found[1] === 'FROM' ? rest.split(') TO (')[0] : rest;
  return values.filter((value) => value === '' || end?.includes(value) === true);
}
