import { keyOf, type Expression, type Test } from './expression.ts';
import { valueOf, type Premises, type Value } from './value.ts';

/** The outcomes that a condition can have, as a set of bits. No bit: it can only raise an error. */
export const outcome = { true: 1, false: 2, null: 4 } as const;
const any = 7;

/** All outcomes that a condition can have for any row, under the premises. Never too few; at times too many. */
export function truth(expression: Expression, premises: Premises): number {
  switch (expression.kind) {
    case 'and':
      return expression.parts.map((part) => truth(part, premises)).reduce(both, outcome.true);
    case 'or':
      return disjunction(expression.parts, premises);
    case 'not':
      return negate(truth(expression.argument, premises));
    case 'test':
      return test(expression, premises);
    case 'operator':
      return comparison(expression, premises);
    case 'case':
      return choice(expression, premises);
    case 'subquery':
      return subquery(expression, premises);
    default:
      return ofValue(valueOf(expression, premises));
  }
}

function ofValue(value: Value): number {
  if (value.kind === 'null') return outcome.null;
  if (value.kind === 'error') return 0;
  if (value.kind === 'unknown') return value.maybeNull ? any : outcome.true | outcome.false;
  return value.value === true || value.value === 't' || value.value === 'true' ? outcome.true : outcome.false;
}

function negate(outcomes: number): number {
  return ((outcomes & 1) << 1) | ((outcomes & 2) >> 1) | (outcomes & 4);
}

const each = (outcomes: number): number[] => [1, 2, 4].filter((bit) => (outcomes & bit) !== 0);

function both(left: number, right: number): number {
  let outcomes = 0;
  for (const a of each(left)) {
    for (const b of each(right)) outcomes |= a === 2 || b === 2 ? 2 : a === 4 || b === 4 ? 4 : 1;
  }
  // An error on one side is avoided when the other side alone decides, and Postgres may take either first.
  if (left === 0) outcomes |= right & outcome.false;
  if (right === 0) outcomes |= left & outcome.false;
  return outcomes;
}

function disjunction(parts: readonly Expression[], premises: Premises): number {
  const keys = new Set(parts.map(keyOf));
  const opposed = parts.some((part) => opposites(part).some((opposite) => keys.has(opposite)));
  const outcomes = negate(parts.map((part) => negate(truth(part, premises))).reduce(both, outcome.true));
  return opposed ? outcomes & ~outcome.false : outcomes;
}

/** Keys of the conditions that are true where this one is false. */
function opposites(part: Expression): string[] {
  if (part.kind === 'not') return [keyOf(part.argument)];
  const inverse = { '=': '<>', '<>': '=', '<': '>=', '>': '<=', '>=': '<', '<=': '>' } as Readonly<
    Record<string, string>
  >;
  if (part.kind === 'operator') return [keyOf({ ...part, operator: inverse[part.operator] ?? '' })];
  if (part.kind === 'test' && part.test === 'null') return [keyOf({ ...part, test: 'not null' })];
  return [];
}

/** Which outcomes of its argument a test finds true. */
const satisfied: Readonly<Record<Test, number>> = {
  null: 4,
  'not null': 3,
  true: 1,
  'not true': 6,
  false: 2,
  'not false': 5,
  unknown: 4,
  'not unknown': 3,
};

function test(expression: Extract<Expression, { kind: 'test' }>, premises: Premises): number {
  const wanted = satisfied[expression.test];
  const value = expression.test.endsWith('null') ? valueOf(expression.argument, premises) : null;
  const possible = value === null ? truth(expression.argument, premises) : nullness(value);
  return (
    ((possible & wanted) !== 0 ? outcome.true : 0) | ((possible & ~wanted & any) !== 0 ? outcome.false : 0)
  );
}

function nullness(value: Value): number {
  if (value.kind === 'null') return 4;
  if (value.kind === 'error') return 0;
  return value.kind === 'unknown' && value.maybeNull ? 7 : 1;
}

function comparison(expression: Extract<Expression, { kind: 'operator' }>, premises: Premises): number {
  if (expression.left === null) return any;
  const left = valueOf(expression.left, premises);
  const right = valueOf(expression.right, premises);
  if (left.kind === 'error' || right.kind === 'error') return 0;
  const distinct = expression.operator.startsWith('is ');
  if (left.kind === 'null' || right.kind === 'null') {
    if (!distinct) return outcome.null;
    const equal = nullness(left) & nullness(right) & 4 ? outcome.true : 0;
    const outcomes = equal | ((nullness(left) | nullness(right)) & 1 ? outcome.false : 0);
    return expression.operator === 'is distinct from' ? negate(outcomes) : outcomes;
  }
  if (expression.quantifier === null) return compare(expression.operator, left, right);
  return any;
}

function compare(operator: string, left: Value, right: Value): number {
  const nullable = [left, right].some((value) => value.kind === 'unknown' && value.maybeNull);
  const positive = ['=', '<=', '>=', 'is not distinct from'].includes(operator);
  const negative = ['<>', '<', '>', 'is distinct from'].includes(operator);
  const orNull = nullable && !operator.startsWith('is ') ? outcome.null : 0;
  if (left.kind === 'constant' && right.kind === 'constant')
    return constants(operator, left.value, right.value);
  if (
    left.kind === 'unknown' &&
    right.kind === 'unknown' &&
    left.key === right.key &&
    (positive || negative)
  ) {
    // Rows whose value is null aside: `a = a` lets all others pass.
    return positive ? outcome.true : outcome.false;
  }
  return outcome.true | outcome.false | orNull;
}

function constants(
  operator: string,
  left: string | number | boolean,
  right: string | number | boolean,
): number {
  const numeric =
    Number.isFinite(Number(left)) && Number.isFinite(Number(right)) && left !== '' && right !== '';
  const [a, b] = numeric ? [Number(left), Number(right)] : [String(left), String(right)];
  const results: Readonly<Record<string, boolean>> = {
    '=': a === b,
    '<>': a !== b,
    '<': a < b,
    '>': a > b,
    '<=': a <= b,
    '>=': a >= b,
    'is not distinct from': a === b,
    'is distinct from': a !== b,
  };
  const result = results[operator];
  if (result === undefined) return outcome.true | outcome.false;
  return result ? outcome.true : outcome.false;
}

function choice(expression: Extract<Expression, { kind: 'case' }>, premises: Premises): number {
  let outcomes = 0;
  for (const { when, result } of expression.branches) {
    const condition = truth(when, premises);
    if ((condition & outcome.true) !== 0) outcomes |= truth(result, premises);
    if (condition === outcome.true) return outcomes;
  }
  return outcomes | (expression.otherwise === null ? outcome.null : truth(expression.otherwise, premises));
}

function subquery(expression: Extract<Expression, { kind: 'subquery' }>, premises: Premises): number {
  const { form, query, left } = expression;
  if (form === 'scalar') return ofValue(valueOf(expression, premises));
  if (form !== 'exists')
    return left !== null && valueOf(left, premises).kind === 'null' ? outcome.null | outcome.false : any;
  if (query.from.length > 0 || query.nested.length > 0) return outcome.true | outcome.false;
  const conditions = query.conditions
    .map((condition) => truth(condition, premises))
    .reduce(both, outcome.true);
  return ((conditions & 1) !== 0 ? outcome.true : 0) | ((conditions & 6) !== 0 ? outcome.false : 0);
}
