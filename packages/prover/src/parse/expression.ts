/**
 * SQL expressions and queries in the small form that the analyses need: Postgres' parse trees with everything that
 * changes no conclusion taken out. Built by `build.ts`.
 */

export type Expression =
  | { kind: 'constant'; value: string | number | boolean | null }
  /** `path`: the column's name, last, after its table or alias */
  | { kind: 'column'; path: string[] }
  /** `name`: after its schema where that is written */
  | { kind: 'call'; name: string[]; arguments: Expression[] }
  /** `any` and `all`: the right side is an array or list */
  | {
      kind: 'operator';
      operator: string;
      left: Expression | null;
      right: Expression;
      quantifier: 'any' | 'all' | null;
    }
  | { kind: 'and' | 'or' | 'coalesce' | 'list' | 'other'; parts: Expression[] }
  | { kind: 'not'; argument: Expression }
  | { kind: 'test'; test: Test; argument: Expression }
  | { kind: 'cast'; argument: Expression; type: string }
  | { kind: 'nullif'; left: Expression; right: Expression }
  | { kind: 'case'; branches: { when: Expression; result: Expression }[]; otherwise: Expression | null }
  /** `current_user` and its like; `session`: `session_user` */
  | { kind: 'role'; session: boolean }
  | {
      kind: 'subquery';
      form: 'scalar' | 'exists' | 'any' | 'all' | 'array';
      left: Expression | null;
      operator: string;
      query: Query;
    }
  | { kind: 'parameter'; number: number };

export type Test =
  | 'null'
  | 'not null'
  | 'true'
  | 'not true'
  | 'false'
  | 'not false'
  | 'unknown'
  | 'not unknown';

export type Source =
  | { kind: 'table'; schema: string | null; name: string; alias: string }
  | { kind: 'function'; call: Expression; alias: string }
  | { kind: 'query'; query: Query; alias: string };

/** A `select`, with set operations and common table expressions as nested queries. */
export type Query = {
  from: Source[];
  targets: Expression[];
  /** `where`, `having` and join conditions */
  conditions: Expression[];
  nested: Query[];
};

export type Statement = {
  kind: 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'truncate' | 'notify' | 'other';
  /** what it writes */
  target: { schema: string | null; name: string } | null;
  query: Query;
  /** values written */
  written: Expression[];
};

/** The expression's direct parts; a subquery's are those of its whole query. */
export function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.arguments;
    case 'operator':
      return expression.left === null ? [expression.right] : [expression.left, expression.right];
    case 'and':
    case 'or':
    case 'coalesce':
    case 'list':
    case 'other':
      return expression.parts;
    case 'not':
    case 'test':
    case 'cast':
      return [expression.argument];
    case 'nullif':
      return [expression.left, expression.right];
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...(expression.otherwise === null ? [] : [expression.otherwise]),
      ];
    case 'subquery':
      return [...(expression.left === null ? [] : [expression.left]), ...expressionsOf(expression.query)];
    case 'constant':
    case 'column':
    case 'role':
    case 'parameter':
      return [];
  }
}

/** All expressions that stand directly in a query or the queries nested in it. */
export function expressionsOf(query: Query): Expression[] {
  return [
    ...query.targets,
    ...query.conditions,
    ...query.from.flatMap((source) =>
      source.kind === 'function' ? [source.call] : source.kind === 'query' ? expressionsOf(source.query) : [],
    ),
    ...query.nested.flatMap(expressionsOf),
  ];
}

/** The expression and everything in it, depth first. */
export function* walk(expression: Expression): Generator<Expression> {
  yield expression;
  for (const part of partsOf(expression)) yield* walk(part);
}

/** Every query in an expression or query, outermost first. */
export function* queriesIn(start: Expression | Query): Generator<Query> {
  if ('from' in start) {
    yield start;
    for (const nested of start.nested) yield* queriesIn(nested);
    for (const source of start.from) if (source.kind === 'query') yield* queriesIn(source.query);
    for (const expression of [...start.targets, ...start.conditions]) yield* queriesIn(expression);
    return;
  }
  if (start.kind === 'subquery') {
    if (start.left !== null) yield* queriesIn(start.left);
    yield* queriesIn(start.query);
    return;
  }
  for (const part of partsOf(start)) yield* queriesIn(part);
}

/** Equal for equal expressions. */
export function keyOf(expression: Expression): string {
  return JSON.stringify(expression);
}
