import { keyOf, type Expression } from './expression.ts';
import { settingRead, type Resolver } from './identity.ts';
import { parameterNames } from './lookup.ts';

/**
 * What is known of a value before any row or session is seen. `unknown` values with equal keys are equal.
 * `error`: evaluating it raises, so that no row passes.
 */
export type Value =
  | { kind: 'constant'; value: string | number | boolean }
  | { kind: 'null' }
  | { kind: 'error' }
  | { kind: 'unknown'; maybeNull: boolean; key: string };

/** How a session that never said who it is looks: its settings were never set, or ended and left an empty text (T-16). */
export type Absence = 'never set' | 'empty';

export type Premises = {
  resolver: Resolver;
  /** the name of the row's relation */
  relation: string;
  /** null: the session may be anybody's */
  absent: Absence | null;
  /** whether a column of the row, by name, is never null */
  notNull: (column: string) => boolean;
  depth: number;
  /** the outcomes of a condition: `truth` of truth.ts, which needs this file's functions in turn */
  truth: (condition: Expression, premises: Premises) => number;
};

const nullValue: Value = { kind: 'null' };
const error: Value = { kind: 'error' };
const textual = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);
const deepest = 8;

const unknown = (expression: Expression, maybeNull = true): Value => ({
  kind: 'unknown',
  maybeNull,
  key: keyOf(expression),
});

/** Evaluates what can be evaluated without a database. */
export function valueOf(expression: Expression, premises: Premises): Value {
  switch (expression.kind) {
    case 'constant':
      return expression.value === null ? nullValue : { kind: 'constant', value: expression.value };
    case 'column':
      return unknown(expression, !isNeverNull(expression.path, premises));
    case 'role':
      return unknown(expression, false);
    case 'cast':
      return castValue(expression, premises);
    case 'coalesce':
      return coalesceValue(expression.parts, premises);
    case 'nullif':
      return nullifValue(expression, premises);
    case 'call':
      return callValue(expression, premises);
    case 'subquery':
      return subqueryValue(expression, premises);
    case 'operator':
    case 'and':
    case 'or':
    case 'not':
    case 'test':
    case 'case':
      return booleanValue(expression, premises);
    default:
      return unknown(expression);
  }
}

function isNeverNull(path: readonly string[], { relation, notNull }: Premises): boolean {
  return (path.length === 1 || path.at(-2) === relation) && notNull(path.at(-1) ?? '');
}

function castValue(expression: Extract<Expression, { kind: 'cast' }>, premises: Premises): Value {
  const value = valueOf(expression.argument, premises);
  if (value.kind !== 'constant') return value;
  if (value.value === '' && !textual.has(expression.type)) return error;
  return expression.type === 'bool' && typeof value.value === 'string'
    ? { kind: 'constant', value: /^(t|true|on|yes|1)$/i.test(value.value) }
    : value;
}

function coalesceValue(parts: readonly Expression[], premises: Premises): Value {
  for (const [place, part] of parts.entries()) {
    const value = valueOf(part, premises);
    if (value.kind === 'null') continue;
    if (value.kind !== 'unknown' || !value.maybeNull || place === parts.length - 1) return value;
    const rest = parts.slice(place + 1).map((each) => valueOf(each, premises));
    const maybeNull = rest.every(
      (each) => each.kind === 'null' || (each.kind === 'unknown' && each.maybeNull),
    );
    return unknown({ kind: 'coalesce', parts: parts.slice(place) }, maybeNull);
  }
  return nullValue;
}

function nullifValue(expression: Extract<Expression, { kind: 'nullif' }>, premises: Premises): Value {
  const left = valueOf(expression.left, premises);
  const right = valueOf(expression.right, premises);
  if (left.kind === 'constant' && right.kind === 'constant')
    return left.value === right.value ? nullValue : left;
  return left.kind === 'unknown' ? unknown(expression) : left;
}

/** Built-in functions whose value is not null although an argument is. */
const lax = new Set([
  'concat',
  'concat_ws',
  'format',
  'json_build_object',
  'jsonb_build_object',
  'num_nulls',
  'num_nonnulls',
]);

function callValue(expression: Extract<Expression, { kind: 'call' }>, premises: Premises): Value {
  const setting = settingRead(expression);
  if (setting !== null) {
    if (premises.absent === null) return unknown(expression);
    if (premises.absent === 'empty') return { kind: 'constant', value: '' };
    return setting.missingOk ? nullValue : error;
  }
  const inlined = inline(expression, premises);
  if (inlined !== null) return valueOf(inlined, { ...premises, depth: premises.depth + 1 });
  const values = expression.arguments.map((each) => valueOf(each, premises));
  if (values.some(({ kind }) => kind === 'error')) return error;
  const builtIn = premises.resolver.lookup.routinesNamed(expression.name, 0).length === 0;
  const name = expression.name.at(-1) ?? '';
  if (builtIn && !lax.has(name) && values.some(({ kind }) => kind === 'null')) return nullValue;
  const [only] = values;
  if (values.length === 1 && only?.kind === 'constant' && ['lower', 'upper', 'trim', 'btrim'].includes(name))
    return only;
  return unknown(expression);
}

/** The expression that a function's body returns, its parameters replaced; null when it is not that simple. */
export function inline(
  call: Extract<Expression, { kind: 'call' }>,
  { resolver, depth, relation }: Pick<Premises, 'resolver' | 'depth' | 'relation'>,
): Expression | null {
  if (depth > deepest) return null;
  const [routine, ...others] = resolver.lookup.routinesNamed(call.name, call.arguments.length);
  if (routine === undefined || others.length > 0) return null;
  const result = resolver.bodies(routine.id)?.result ?? null;
  if (result === null) return null;
  // The body may name the row's columns inside a subquery, where only the relation's name tells them from others.
  const values = call.arguments.map((value) => qualify(value, relation));
  return substitute(result, values, parameterNames(routine));
}

function qualify(expression: Expression, relation: string): Expression {
  if (expression.kind === 'column') {
    return expression.path.length > 1 ? expression : { kind: 'column', path: [relation, ...expression.path] };
  }
  return expression.kind === 'subquery'
    ? expression
    : mapParts(expression, (part) => qualify(part, relation));
}

function substitute(
  expression: Expression,
  values: readonly Expression[],
  names: readonly string[],
): Expression {
  if (expression.kind === 'parameter') return values[expression.number - 1] ?? expression;
  if (expression.kind === 'column') {
    const at = names.indexOf(expression.path.at(-1) ?? '');
    return at === -1 ? expression : (values[at] ?? expression);
  }
  return mapParts(expression, (part) => substitute(part, values, names));
}

/** A copy with every part of an expression replaced, at any depth, those of subqueries too. */
function mapParts(expression: Expression, change: (part: Expression) => Expression): Expression {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    if ('kind' in value && isExpression(value)) return change(value);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
  };
  return Object.fromEntries(Object.entries(expression).map(([key, each]) => [key, copy(each)])) as Expression;
}

/** Members of `from` have kinds of their own. */
function isExpression(value: object): value is Expression {
  return !('alias' in value);
}

function subqueryValue(expression: Extract<Expression, { kind: 'subquery' }>, premises: Premises): Value {
  const { query, form } = expression;
  const [target] = query.targets;
  if (form !== 'scalar') return booleanValue(expression, premises);
  const plain = query.from.length === 0 && query.conditions.length === 0 && query.nested.length === 0;
  return plain && target !== undefined ? valueOf(target, premises) : unknown(expression);
}

function booleanValue(expression: Expression, premises: Premises): Value {
  const outcomes = premises.truth(expression, premises);
  if (outcomes === 0) return error;
  if (outcomes === 1 || outcomes === 2) return { kind: 'constant', value: outcomes === 1 };
  return outcomes === 4 ? nullValue : unknown(expression, (outcomes & 4) !== 0);
}
