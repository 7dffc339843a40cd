import type { Relation } from '../catalog/types.ts';
import type { Expression, Query } from './expression.ts';
import { identitiesOf, type Identity, type Resolver } from './identity.ts';
import { membershipOf, membershipThrough, type Membership } from './membership.ts';
import { relationsRead } from './routine.ts';
import { boundToCaller, ownColumns } from './row.ts';
import { outcome, truth } from './truth.ts';
import { inline, type Premises } from './value.ts';

/** One of the row's columns that must match who the session is. */
export type Confinement = {
  column: string;
  /** parent: through a row of another relation, which that relation's own policies must confine */
  via: 'direct' | 'membership' | 'function' | 'parent';
  identity: Identity | null;
  operator: string;
  /** whether the column stands inside a cast or a call */
  wrapped: boolean;
  membership: Membership | null;
  /** ids of the relations that decide */
  relations: string[];
};

/**
 * What one disjunct of a condition lets pass: rows that match the session (confined), every row (open), none (never),
 * every row to sessions of some kind (gate) or with some plain setting (bypass), rows of some kind to everybody (row),
 * rows by what other rows exist, whoever asks (unbound).
 */
export type Part = {
  lets: 'confined' | 'open' | 'never' | 'gate' | 'bypass' | 'row' | 'unbound' | 'unknown';
  expression: Expression;
  confinements: Confinement[];
  /** why it is unknown */
  why: string | null;
};

type Scope = { relation: Relation; resolver: Resolver; premises: Premises };

const strength = {
  open: 0,
  unbound: 1,
  bypass: 2,
  gate: 3,
  row: 4,
  unknown: 5,
  confined: 6,
  never: 7,
} as const;
const mostParts = 64;

/** Splits a condition into disjuncts and says what each lets pass. */
export function confine(expression: Expression, scope: Scope): Part[] {
  const outcomes = truth(expression, scope.premises);
  if ((outcomes & outcome.true) === 0) return [part('never', expression)];
  if (outcomes === outcome.true) return [part('open', expression)];
  if (expression.kind === 'or') return expression.parts.flatMap((each) => confine(each, scope));
  if (expression.kind === 'and') return conjunction(expression.parts, scope);
  return leaf(expression, scope);
}

function part(lets: Part['lets'], expression: Expression, more: Partial<Part> = {}): Part {
  return { lets, expression, confinements: [], why: null, ...more };
}

function conjunction(expressions: readonly Expression[], scope: Scope): Part[] {
  let parts: Part[] | null = null;
  for (const expression of expressions) {
    const next = confine(expression, scope);
    parts = parts === null ? next : parts.flatMap((left) => next.map((right) => joined(left, right)));
    if (parts.length > mostParts)
      return [part('unknown', expression, { why: 'it has too many alternatives' })];
  }
  return parts ?? [];
}

function joined(left: Part, right: Part): Part {
  const stronger = strength[left.lets] >= strength[right.lets] ? left : right;
  return {
    ...stronger,
    expression: { kind: 'and', parts: [left.expression, right.expression] },
    confinements: [...left.confinements, ...right.confinements],
  };
}

function leaf(expression: Expression, scope: Scope): Part[] {
  switch (expression.kind) {
    case 'operator':
      return asCondition(expression, scope) ?? [comparison(expression, scope)];
    case 'subquery':
      return subquery(expression, scope);
    case 'call':
      return call(expression, scope);
    case 'cast':
      return confine(expression.argument, scope);
    case 'coalesce':
      return expression.parts
        .flatMap((each) => confine(each, scope))
        .filter(({ lets }, _, { length }) => length === 1 || lets !== 'never');
    case 'not':
      return negation(expression, scope);
    case 'case':
      return expression.branches
        .map(({ when, result }): Expression => ({ kind: 'and', parts: [when, result] }))
        .concat(expression.otherwise ?? [])
        .flatMap((each) => confine(each, scope));
    default:
      return [plain(expression, scope)];
  }
}

/** A condition without a comparison: about the row, or about the session. */
function plain(expression: Expression, { relation, resolver }: Scope): Part {
  if (ownColumns(expression, relation).length > 0) return part('row', expression);
  const identities = identitiesOf(expression, resolver);
  return part(
    identities.length > 0 && identities.every(({ kind }) => kind === 'setting') ? 'bypass' : 'gate',
    expression,
  );
}

function negation(expression: Extract<Expression, { kind: 'not' }>, scope: Scope): Part[] {
  const { argument } = expression;
  const inverted = (each: Expression): Expression => ({ kind: 'not', argument: each });
  if (argument.kind === 'or') return confine({ kind: 'and', parts: argument.parts.map(inverted) }, scope);
  if (argument.kind === 'and') return confine({ kind: 'or', parts: argument.parts.map(inverted) }, scope);
  if (argument.kind === 'not') return confine(argument.argument, scope);
  return [plain(expression, scope)];
}

/** `condition = true` is the condition, `condition = false` its negation. */
function asCondition(expression: Extract<Expression, { kind: 'operator' }>, scope: Scope): Part[] | null {
  if (expression.operator !== '=' || expression.left === null || expression.quantifier !== null) return null;
  for (const [side, other] of [
    [expression.left, expression.right],
    [expression.right, expression.left],
  ] as const) {
    if (side.kind !== 'constant' || typeof side.value !== 'boolean' || other.kind === 'column') continue;
    return confine(side.value ? other : { kind: 'not', argument: other }, scope);
  }
  return null;
}

const matching = new Set([
  '=',
  'is not distinct from',
  '@>',
  '<@',
  '&&',
  '~~',
  '~~*',
  '~',
  '~*',
  '^@',
  '<<',
  '<<=',
]);

function comparison(expression: Extract<Expression, { kind: 'operator' }>, scope: Scope): Part {
  const { relation, resolver } = scope;
  const sides = expression.left === null ? [] : [expression.left, expression.right];
  const [column, other] = sides
    .toSorted((a, b) => Number(a.kind !== 'column') - Number(b.kind !== 'column'))
    .toSorted(
      (a, b) => Number(ownColumns(a, relation).length === 0) - Number(ownColumns(b, relation).length === 0),
    );
  const own = column === undefined ? [] : ownColumns(column, relation);
  if (column === undefined || other === undefined || own.length === 0) return plain(expression, scope);
  if (!matching.has(expression.operator) || expression.quantifier === 'all') return part('row', expression);
  if (other.kind === 'subquery' && (other.query.from.length > 0 || other.query.nested.length > 0)) {
    return matched(expression, { own, query: other.query, wrapped: column.kind !== 'column', scope });
  }
  const [identity] = identitiesOf(other, resolver);
  if (identity === undefined) return part('row', expression);
  const wrapped = column.kind !== 'column';
  const looked = membershipThrough(other.kind === 'subquery' ? other.query.targets : [other], scope);
  return part('confined', expression, {
    confinements: own.map((name) => ({
      column: name,
      via: looked === null ? 'direct' : 'membership',
      identity,
      operator: expression.operator,
      wrapped,
      membership: looked,
      relations: looked === null ? [] : [looked.relationId],
    })),
  });
}

/** The row's columns are compared with what a query gives. */
function matched(
  expression: Expression,
  { own, query, wrapped, scope }: { own: string[]; query: Query; wrapped: boolean; scope: Scope },
): Part {
  const { resolver } = scope;
  const relations = relationsRead(query, resolver.lookup);
  const confined = (via: Confinement['via'], membership: Membership | null): Part =>
    part('confined', expression, {
      confinements: own.map((column) => ({
        column,
        via,
        identity: membership?.identity ?? null,
        operator: '=',
        wrapped,
        membership,
        relations,
      })),
    });
  const given = query.targets.some((target) => identitiesOf(target, resolver).length > 0);
  if (given || boundToCaller(query, resolver)) return confined('membership', membershipOf(query, scope));
  if (relations.some((id) => resolver.lookup.relation(id)?.rls === true)) return confined('parent', null);
  return part('unbound', expression);
}

function subquery(expression: Extract<Expression, { kind: 'subquery' }>, scope: Scope): Part[] {
  const { form, query, left } = expression;
  const [target] = query.targets;
  if (form === 'scalar')
    return target === undefined || query.from.length > 0
      ? [exists(expression, scope)]
      : confine(target, scope);
  if (form !== 'any' || left === null) return [exists(expression, scope)];
  const own = ownColumns(left, scope.relation);
  if (own.length === 0 || expression.operator !== '=') return [exists(expression, scope)];
  return [matched(expression, { own, query, wrapped: left.kind !== 'column', scope })];
}

function exists(expression: Extract<Expression, { kind: 'subquery' }>, scope: Scope): Part {
  const own = ownColumns(expression, scope.relation);
  if (own.length > 0) return matched(expression, { own, query: expression.query, wrapped: true, scope });
  return part(boundToCaller(expression.query, scope.resolver) ? 'gate' : 'unbound', expression);
}

function call(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Part[] {
  const { relation, resolver, premises } = scope;
  const inlined = inline(expression, premises);
  if (inlined !== null)
    return confine(inlined, { ...scope, premises: { ...premises, depth: premises.depth + 1 } });
  const routines = resolver.lookup.routinesNamed(expression.name, expression.arguments.length);
  const own = ownColumns(expression, relation);
  const bodies = routines.map(({ id }) => resolver.bodies(id));
  const unseen = bodies.find((body) => body === undefined || body.unseen !== null || body.dynamic.length > 0);
  if (unseen !== undefined && routines.length > 0) {
    return [
      part('unknown', expression, {
        why: `function ${expression.name.join('.')}: ${unseen.unseen ?? 'it builds SQL as it runs'}`,
      }),
    ];
  }
  const identity = identitiesOf(expression, resolver)[0] ?? null;
  const relations = bodies.flatMap(
    (body) =>
      body?.statements.flatMap(({ query }) => relationsRead(query, resolver.lookup, body.paths)) ?? [],
  );
  if (own.length === 0) return [plain(expression, scope)];
  const guarded =
    routines.some(({ securityDefiner }) => !securityDefiner) &&
    relations.some((id) => resolver.lookup.relation(id)?.rls === true);
  if (identity === null && !guarded) return [part('row', expression)];
  const via = identity === null ? 'parent' : 'function';
  return [
    part('confined', expression, {
      confinements: own.map((column) => ({
        column,
        via,
        identity,
        operator: '=',
        wrapped: true,
        membership: null,
        relations,
      })),
    }),
  ];
}
