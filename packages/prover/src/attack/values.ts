import type { Column, Relation } from '../catalog/types.ts';
import { sampleOf } from './pattern.ts';
import { quote } from './sql.ts';

const lengthOf = (type: string): number | null => {
  const found = /^(?:character|bpchar|bit)[^(]*\((\d+)\)/.exec(type);
  return found?.[1] === undefined ? (/^"?char"?$|^character$/.test(type) ? 1 : null) : Number(found[1]);
};

const fixedValues: readonly (readonly [RegExp, string])[] = [
  [/^boolean/, 'false'],
  [/^json/, `'{}'`],
  [/^jsonpath/, `'$'`],
  [/^(inet|cidr)/, `'192.0.2.1'`],
  [/^macaddr8/, `'08:00:2b:01:02:03:04:05'`],
  [/^macaddr/, `'08:00:2b:01:02:03'`],
  [/^interval/, `'1 hour'`],
  [/^xml/, `'<a/>'`],
  [/multirange$/, `'{}'`],
  [/range$/, `'empty'`],
  [/^(oid|xid|cid|reg)/, `'0'`],
  [/^pg_lsn/, `'0/0'`],
  [/^point/, `'(0,0)'`],
  [/^(lseg|box|path|polygon)/, `'((0,0),(1,1))'`],
  [/^line/, `'{1,1,0}'`],
  [/^circle/, `'<(0,0),1>'`],
  [/(^|\.)(geometry|geography)/, `'SRID=4326;POINT(0 0)'`],
  [/(^|\.)ltree/, `'a'`],
  [/^(tsvector|tsquery)/, `''`],
];

/**
 * Some value of a column's type as an SQL expression, different for each n where the type has so many.
 * `key` asks for one that rows in use are unlikely to have.
 */
export function valueFor(column: Column, n: number, key: boolean): string {
  const { baseType: base } = column;
  if (base.endsWith('[]')) return `'{}'`;
  if (base === 'uuid') return `'0c0ffee0-0000-4000-8000-${n.toString(16).padStart(12, '0')}'`;
  if (/^(text|character|citext|name|bpchar|"char")/.test(base) || base.endsWith('.citext'))
    return textFor(base, n);
  if (base.startsWith('smallint')) return String(key ? 32_000 - (n % 30_000) : 1 + (n % 100));
  if (base.startsWith('integer')) return String(key ? 2_000_000_000 - n : 1 + (n % 100));
  if (/^(bigint|numeric|real|double|money)/.test(base))
    return String(key && base === 'bigint' ? 9e15 - n : 1 + (n % 100));
  if (base === 'date') return `'${dayFor(n)}'`;
  if (base.startsWith('timestamp')) return `'${dayFor(n)} 00:00:00'`;
  if (base.startsWith('time')) return `'12:00:00'`;
  const vector = /(^|\.)(vector|halfvec)\((\d+)\)/.exec(column.type);
  if (vector !== null) return quote(`[${Array<number>(Number(vector[3])).fill(1).join(',')}]`);
  if (base === 'bytea') return bytesFor(4, n);
  if (base.startsWith('bit')) return `B'${'0'.repeat(lengthOf(base) ?? 1)}'`;
  const fixed = fixedValues.find(([pattern]) => pattern.test(base));
  if (fixed !== undefined) return fixed[1];
  // An enumeration's first label; any other type answers with an error that the caller reports.
  return `(enum_range(null::${base}))[1]`;
}

function textFor(type: string, n: number): string {
  const length = lengthOf(type);
  const value = `bulkhead ${n}`;
  return quote(length === null || length >= value.length ? value : n.toString(36).slice(-length));
}

/** A byte string of a length, different for each n where it is long enough. */
function bytesFor(length: number, n: number): string {
  return `'\\x${n
    .toString(16)
    .padStart(length * 2, '0')
    .slice(-length * 2)}'`;
}

function dayFor(n: number): string {
  return new Date(Date.UTC(2020, 0, 1 + (n % 3000))).toISOString().slice(0, 10);
}

/** Values that a check's own text suggests, then ones that checks commonly want; the likeliest first. */
export function candidates(column: Column, expression: string, n: number): string[] {
  const numeric = /^(smallint|integer|bigint|numeric|real|double|money)/.test(column.baseType);
  const dated = /^(date|timestamp)/.test(column.baseType);
  const quoted = [...expression.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => `'${text ?? ''}'`);
  const numbers = [...expression.matchAll(/(?<![\w'.])(\d+(?:\.\d+)?)/g)].flatMap(([, text]) => {
    const value = Number(text);
    return [String(value), String(value + 1), String(value - 1)];
  });
  const bytes = column.baseType === 'bytea' ? lengthsIn(expression).map((length) => bytesFor(length, n)) : [];
  const own =
    bytes.length > 0
      ? bytes
      : numeric
        ? numbers
        : dated
          ? []
          : [...patternsIn(expression).map(quote), ...quoted];
  const plain = column.baseType.startsWith('boolean') ? ['true', 'false'] : own;
  const timed = column.baseType.startsWith('timestamp') ? [...moments, ...days] : days;
  const usually = numeric ? ['1', '0', '100', '-1'] : dated ? timed : usual(column, n);
  const empty = [...(column.hasDefault ? ['default'] : []), ...(column.notNull ? [] : ['null'])];
  return [...new Set([...empty, ...plain, ...usually])];
}

const days = ["'2024-01-01'", "'2024-01-31'", "'2024-12-31'", "'2124-01-01'"];
const moments = ["'2024-01-01 00:00:00'", "'2024-01-01 00:01:00'"];

/** Lengths in bytes that a check speaks of. */
function lengthsIn(expression: string): number[] {
  return [...expression.matchAll(/(?<![\w'.])(\d{1,4})(?![\w'.])/g)].map(([, text]) => Number(text));
}

/** Texts that the regular expressions in an SQL text match. */
export function patternsIn(sql: string): string[] {
  return [...sql.matchAll(/!?~\*?\s*E?'((?:[^']|'')*)'/g)].flatMap(([, pattern]) => {
    const sample = sampleOf((pattern ?? '').replaceAll("''", "'"));
    return sample === undefined ? [] : [sample];
  });
}

function usual(column: Column, n: number): string[] {
  if (/^(text|character[^[]*)\[\]$/.test(column.baseType)) return [`'{bulkhead${n}}'`, `'{}'`];
  if (column.baseType.endsWith('[]') || !/^(text|character)|(^|\.)citext$/.test(column.baseType))
    return [valueFor(column, n, false)];
  return [
    `bulkhead${n}`,
    `bulkhead${n}@example.org`,
    `https://example.org/${n}`,
    'EUR',
    'eur',
    'A1',
    String(n),
    `+4912345${n}`,
    '{}',
  ].map(quote);
}

/** Columns whose names appear in an expression of the catalog's. */
export function mentioned(relation: Relation, expression: string): Column[] {
  return relation.columns.filter(({ name }) => {
    const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`(?<![\\w])${escaped}(?![\\w])`).test(expression);
  });
}
