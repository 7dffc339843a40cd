/** One field of an audit entry: what it was and what it became, as text. */
export type FieldChange = {
  field: string;
  kind: 'added' | 'removed' | 'changed' | 'same';
  before: string | null;
  after: string | null;
};

type Fields = Record<string, unknown>;

/**
 * The fields of an entry's before and after images, changed ones first, each group in the order of the
 * row's columns. An insert has no `before`, a hard delete no `after`. Values are compared by their
 * canonical text, so that the order of keys inside a JSON value makes no difference.
 */
export function fieldChanges(before: Fields | null, after: Fields | null): FieldChange[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const changes = names.map((field) => fieldChange(field, before, after));
  return [
    ...changes.filter((change) => change.kind !== 'same'),
    ...changes.filter((change) => change.kind === 'same'),
  ];
}

function fieldChange(field: string, before: Fields | null, after: Fields | null): FieldChange {
  const had = before !== null && Object.hasOwn(before, field);
  const has = after !== null && Object.hasOwn(after, field);
  const old = had ? valueText(before[field]) : null;
  const now = has ? valueText(after[field]) : null;
  if (!had) return { field, kind: 'added', before: null, after: now };
  if (!has) return { field, kind: 'removed', before: old, after: null };
  return { field, kind: old === now ? 'same' : 'changed', before: old, after: now };
}

/** A value as text: strings bare, null as an empty-set sign, JSON values with their keys sorted. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '\u2205';
  if (typeof value === 'string') return value;
  return JSON.stringify(value, sortedKeys);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
