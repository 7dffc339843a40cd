import type { Relation } from '../catalog/types.ts';
import { partsOf, type Expression, type Query } from './expression.ts';
import { identitiesOf, type Resolver } from './identity.ts';

/** The names of the relation's own columns in an expression. In a subquery Postgres prints them after the relation's name. */
export function ownColumns(expression: Expression, relation: Relation, within = false): string[] {
  if (expression.kind === 'column')
    return own(expression.path, relation, within) ? [expression.path.at(-1) ?? ''] : [];
  const inside = expression.kind === 'subquery';
  return partsOf(expression).flatMap((part) =>
    ownColumns(part, relation, inside ? part !== expression.left || within : within),
  );
}

function own(path: readonly string[], relation: Relation, within: boolean): boolean {
  const table = path.at(-2);
  if (table !== undefined ? table !== relation.name : within) return false;
  return relation.columns.some(({ name }) => name === path.at(-1));
}

/** Whether a query's conditions or sources name who the session is. */
export function boundToCaller(query: Query, resolver: Resolver): boolean {
  const members: Expression[] = [
    ...query.conditions,
    ...query.from.flatMap((source) => (source.kind === 'function' ? [source.call] : [])),
  ];
  if (members.some((member) => identitiesOf(member, resolver).length > 0)) return true;
  const inner = [
    ...query.nested,
    ...query.from.flatMap((source) => (source.kind === 'query' ? [source.query] : [])),
  ];
  return inner.some((nested) => boundToCaller(nested, resolver));
}
