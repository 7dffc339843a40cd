import type { Relation } from '../catalog/types.ts';
import type { Expression, Query } from './expression.ts';
import { identitiesOf, type Identity, type Resolver } from './identity.ts';
import { ownColumns } from './row.ts';

/** The table that says which tenants a session's identity belongs to. */
export type Membership = {
  relationId: string;
  /** the column that is compared with the session's identity */
  identityColumn: string;
  /** the column that is compared with the row's tenant */
  tenantColumn: string;
  identity: Identity;
};

type Scope = { relation: Relation; resolver: Resolver };

/** The membership that a subquery looks up, where its form is plain enough to tell; also through a function's body. */
export function membershipOf(query: Query, scope: Scope): Membership | null {
  const { resolver, relation } = scope;
  const conditions = query.conditions.flatMap(conjuncts);
  for (const source of query.from) {
    if (source.kind !== 'table') continue;
    const members = resolver.lookup.relationNamed(source.schema, source.name, [relation.schema, 'public']);
    if (members === undefined) continue;
    const bound = conditions
      .map((condition) => boundColumn(condition, resolver))
      .find((each) => each !== null);
    if (bound === undefined || bound === null) continue;
    const tenantColumn =
      selectedColumn(query) ??
      conditions.map((each) => correlated(each, relation)).find((each) => each !== null);
    if (tenantColumn === undefined || tenantColumn === null) continue;
    return { relationId: members.id, identityColumn: bound.column, tenantColumn, identity: bound.identity };
  }
  const calls = query.from.flatMap((source) => (source.kind === 'function' ? [source.call] : []));
  return membershipThrough([...query.targets, ...calls], scope);
}

/** The membership that a function looks up whose result is compared: `user_id = current_user_id()` by way of a session's row. */
export function membershipThrough(calls: readonly Expression[], scope: Scope): Membership | null {
  for (const call of calls) {
    if (call.kind !== 'call') continue;
    for (const { id } of scope.resolver.lookup.routinesNamed(call.name, call.arguments.length)) {
      const statements = scope.resolver.bodies(id)?.statements ?? [];
      if (statements.length === 1 && statements[0] !== undefined)
        return membershipOf(statements[0].query, scope);
    }
  }
  return null;
}

function conjuncts(expression: Expression): Expression[] {
  return expression.kind === 'and' ? expression.parts.flatMap(conjuncts) : [expression];
}

function boundColumn(
  condition: Expression,
  resolver: Resolver,
): { column: string; identity: Identity } | null {
  if (condition.kind !== 'operator' || condition.operator !== '=' || condition.left === null) return null;
  const sides = [condition.left, condition.right];
  const column = sides.find((side) => side.kind === 'column');
  const identity = sides.filter((side) => side !== column).flatMap((side) => identitiesOf(side, resolver))[0];
  if (column?.kind !== 'column' || identity === undefined) return null;
  return { column: column.path.at(-1) ?? '', identity };
}

function selectedColumn(query: Query): string | null {
  const [target] = query.targets;
  return target?.kind === 'column' && query.targets.length === 1 ? (target.path.at(-1) ?? null) : null;
}

/** The other table's column in a condition that names the row's own. */
function correlated(condition: Expression, relation: Relation): string | null {
  if (condition.kind !== 'operator' || condition.operator !== '=' || condition.left === null) return null;
  const sides = [condition.left, condition.right].filter((side) => side.kind === 'column');
  const own = sides.find((side) => ownColumns(side, relation, true).length > 0);
  const other = sides.find((side) => side !== own);
  return own === undefined || other?.kind !== 'column' ? null : (other.path.at(-1) ?? null);
}
