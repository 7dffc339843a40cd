/**
 * The `set` list of an update for the fields that `changes` names, with their values from `$<first>` on.
 * `columns` maps field to column and is the only source of SQL text.
 */
export function assignments(
  columns: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, unknown>>,
  first: number,
): { set: string; values: unknown[] } | undefined {
  const named = Object.entries(columns).filter(([field]) => changes[field] !== undefined);
  if (named.length === 0) return undefined;
  return {
    set: named.map(([, column], index) => `${column} = $${index + first}`).join(', '),
    values: named.map(([field]) => changes[field]),
  };
}
