import type { IdentityCarrier } from '../model/types.ts';
import { expressionsOf, partsOf, type Expression } from './expression.ts';
import type { Lookup } from './lookup.ts';
import type { RoutineBody } from './routine.ts';

/** Where a value that says who the session acts for comes from. `session`: the login role, which SET ROLE leaves alone. */
export type Identity = IdentityCarrier & { session?: boolean };

export type Bodies = (routineId: string) => RoutineBody | undefined;
export type Resolver = { lookup: Lookup; bodies: Bodies };

const deepest = 8;
const textual = new Set(['text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'citext']);

/** Types' names as Postgres prints them, by those it parses. */
const spelled: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  bool: 'boolean',
};

/** The identities that a value is made of, most telling first: claims before plain settings before roles. */
export function identitiesOf(expression: Expression, resolver: Resolver, depth = 0): Identity[] {
  const found = find(expression, resolver, depth);
  const order = { sealed: 0, claim: 1, setting: 2, role: 3 };
  const unique = new Map(found.map((identity) => [JSON.stringify(identity), identity]));
  return [...unique.values()].toSorted((a, b) => order[a.kind] - order[b.kind]);
}

function find(expression: Expression, resolver: Resolver, depth: number): Identity[] {
  if (depth > deepest) return [];
  switch (expression.kind) {
    case 'role':
      return [expression.session ? { kind: 'role', session: true } : { kind: 'role' }];
    case 'cast':
      return find(expression.argument, resolver, depth).map((identity) =>
        withCast(identity, expression.type),
      );
    case 'operator':
      return findInOperator(expression, resolver, depth);
    case 'call':
      return findInCall(expression, resolver, depth);
    default:
      return partsOf(expression).flatMap((part) => find(part, resolver, depth));
  }
}

function withCast(identity: Identity, cast: string): Identity {
  if (!('cast' in identity) || textual.has(cast)) return identity;
  return { ...identity, cast: spelled[cast] ?? cast };
}

function findInOperator(
  expression: Extract<Expression, { kind: 'operator' }>,
  resolver: Resolver,
  depth: number,
): Identity[] {
  const sides = partsOf(expression).flatMap((part) => find(part, resolver, depth));
  const { left, right } = expression;
  const steps = { '->': 1, '->>': 1, '#>': 1, '#>>': 1 };
  if (left === null || !(expression.operator in steps)) return sides;
  const key = right.kind === 'cast' ? right.argument : right;
  if (key.kind !== 'constant' || typeof key.value !== 'string') return sides;
  const path = expression.operator.startsWith('#')
    ? key.value.replace(/^\{|\}$/g, '').split(',')
    : [key.value];
  return sides.map((identity) => into(identity, path));
}

/** A member of a JSON setting is a claim. */
function into(identity: Identity, path: string[]): Identity {
  if (identity.kind === 'setting') return { kind: 'claim', setting: identity.name, path, cast: 'text' };
  if (identity.kind === 'claim') return { ...identity, path: [...identity.path, ...path] };
  return identity;
}

function findInCall(
  expression: Extract<Expression, { kind: 'call' }>,
  resolver: Resolver,
  depth: number,
): Identity[] {
  const setting = settingRead(expression);
  if (setting !== null) return [{ kind: 'setting', name: setting.name, cast: 'text' }];
  const inArguments = expression.arguments.flatMap((part) => find(part, resolver, depth));
  for (const routine of resolver.lookup.routinesNamed(expression.name, expression.arguments.length)) {
    if (isSealed(routine)) return [{ kind: 'sealed', setting: 'bulkhead.context' }, ...inArguments];
    inArguments.push(...identitiesOfRoutine(routine.id, resolver, depth + 1));
  }
  return inArguments;
}

/** Bulkhead's verifier is known by name: that it checks a seal cannot be read off its body. */
function isSealed({
  schema,
  name,
  securityDefiner,
}: {
  schema: string;
  name: string;
  securityDefiner: boolean;
}): boolean {
  return schema === 'bulkhead' && name === 'verified_context' && securityDefiner;
}

/** The identities that a function's body reads, in what it returns or anywhere in it. */
export function identitiesOfRoutine(routineId: string, resolver: Resolver, depth = 0): Identity[] {
  const body = resolver.bodies(routineId);
  if (body === undefined || depth > deepest) return [];
  if (body.result !== null) return find(body.result, resolver, depth);
  return body.statements.flatMap(({ query, written }) =>
    [...expressionsOf(query), ...written].flatMap((part) => find(part, resolver, depth)),
  );
}

/** The setting that a call of `current_setting` reads. */
export function settingRead(expression: Expression): { name: string; missingOk: boolean } | null {
  if (expression.kind !== 'call' || expression.name.length !== 1 || expression.name[0] !== 'current_setting')
    return null;
  const [first, second] = expression.arguments.map((each) => (each.kind === 'cast' ? each.argument : each));
  if (first?.kind !== 'constant' || typeof first.value !== 'string') return null;
  return { name: first.value, missingOk: second?.kind === 'constant' && second.value === true };
}
