import type { Relation } from '../catalog/types.ts';
import type { Call } from '../parse/clause.ts';
import { managedSchemas } from '../model/settings.ts';
import { keyOf } from '../parse/expression.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import { callsIn } from '../parse/routine.ts';
import { policySites } from './identitySource.ts';
import { confinePolicy } from './fixes.ts';
import {
  appliesTo,
  governs,
  policyObject,
  rowPrivileges,
  rolesWith,
  tableObject,
  ownTablesOf,
  type Rule,
  type Subject,
} from './rule.ts';

export const calledPerRow: Rule = {
  id: 'BH024',
  severity: 'low',
  title: 'A policy asks who the session is once for every row',
  explanation:
    'A call that does not depend on the row is still made for each row unless it stands in a subquery of its own; `(select auth.uid())` is evaluated once a statement. On large tables the difference is tenfold and more.',
  remedy: 'Write `(select f())` in place of `f()`.',
  cites: ['https://supabase.com/docs/guides/database/postgres/row-level-security#call-functions-with-select'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      // Only USING is evaluated for rows that are merely looked at, and only there does an index save evaluating it.
      const confining =
        policy.using === null ? [] : (clauses[0]?.parts ?? []).filter(({ lets }) => lets === 'confined');
      const named = new Set(confining.flatMap((part) => callsIn(part.expression).map(keyOf)));
      const call =
        named.size === 0
          ? undefined
          : clauses[0]?.calls.find((each) => each.perRow && named.has(each.key) && costly(each, subject));
      if (call === undefined) return [];
      return [
        {
          object: policyObject(relation, policy),
          message: `${call.name.join('.')}() is called for each row.`,
          fix: confinePolicy(subject, relation, policy),
        },
      ];
    }),
};

function costly({ name, routines }: Call, subject: Subject): boolean {
  if (routines.length === 0) return name.length === 1 && name[0] === 'current_setting';
  return routines.some((id) => subject.facts.lookup.routine(id)?.volatility !== 'immutable');
}

export const noPolicyIndex: Rule = {
  id: 'BH025',
  severity: 'low',
  title: 'No index serves the policy’s condition',
  explanation:
    'Every query under the policy carries its condition. Without an index that begins with the column, each one reads the whole table, every tenant’s rows included.',
  remedy: 'Create an index that begins with the tenant column.',
  cites: ['https://supabase.com/docs/guides/database/postgres/row-level-security#add-indexes'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(({ rls }) => rls)
      .flatMap((table) => {
        const tenant = subject.tenantTables.get(table.id);
        const tested = (subject.facts.policies.get(table.id) ?? []).some(({ using }) =>
          using?.parts.some(({ confinements }) =>
            confinements.some(({ column, wrapped }) => column === tenant?.column && !wrapped),
          ),
        );
        if (
          tenant === undefined ||
          !tested ||
          table.indexes.some(({ columns, valid }) => valid && columns[0] === tenant.column)
        )
          return [];
        return [
          {
            object: tableObject(table),
            message: `No index begins with ${tenant.column}.`,
            fix: `create index on ${nameOf(table)} (${quoted(tenant.column)});`,
          },
        ];
      }),
};

export const wrappedColumn: Rule = {
  id: 'BH026',
  severity: 'low',
  title: 'A policy wraps the column, so that no plain index serves it',
  explanation:
    '`tenant_id::text = …` and `lower(owner) = …` are compared value by value: an index on the column itself is of no use, and under row-level security even an index on the expression is used only when its functions are leakproof.',
  remedy: 'Compare the bare column, casting the other side.',
  cites: ['T-25'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const wrapped = clauses
        .flatMap(({ parts }) => parts)
        .flatMap(({ confinements }) => confinements)
        .find((each) => each.wrapped && each.via === 'direct');
      if (
        wrapped === undefined ||
        managedSchemas.has(relation.schema) ||
        relation.indexes.some(({ expressions }) => expressions.some((text) => text.includes(wrapped.column)))
      )
        return [];
      return [
        {
          object: policyObject(relation, policy),
          message: `Column ${wrapped.column} stands inside a cast or call.`,
          fix: confinePolicy(subject, relation, policy),
        },
      ];
    }),
};

/** Built-in functions that indexes are often made on and that are not leakproof. */
const leaky = /\b(lower|upper|date_trunc|unaccent|to_tsvector|md5|left|substr|substring)\(/;

export const unusableIndex: Rule = {
  id: 'BH027',
  severity: 'info',
  title: 'An index on an expression goes unused under row-level security',
  explanation:
    'A condition with a function that is not leakproof is evaluated after the policy’s, so an index on `lower(email)` cannot serve it. The query still works, by reading all of the tenant’s rows.',
  remedy:
    'Keep the value in a column of its own, generated if need be, and index that after the tenant column.',
  cites: ['T-25', 'https://www.postgresql.org/docs/current/rules-privileges.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(({ rls }) => rls)
      .flatMap((table) =>
        table.indexes
          .filter(({ expressions }) => expressions.some((text) => leaky.test(text)))
          .map(({ name, expressions }) => ({
            object: tableObject(table),
            message: `Index ${name} on ${expressions.join(', ')}.`,
            fix: null,
            detail: name,
          })),
      ),
};

export const severalPermissive: Rule = {
  id: 'BH028',
  severity: 'info',
  title: 'Several permissive policies decide the same command',
  explanation:
    'Each of them is evaluated for every row, and the weakest decides. Two that are equal are one too many.',
  remedy: 'Join them into one policy.',
  cites: ['T-4'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(({ rls, policies }) => rls && policies.length > 1)
      .flatMap((table) => {
        const command = rowPrivileges.find((each) =>
          rolesWith(subject, table, each).some(
            (role) => permissive(subject, table, { command: each, role }) > 1,
          ),
        );
        return command === undefined
          ? []
          : [
              {
                object: tableObject(table),
                message: `More than one permissive policy decides ${command} for one role.`,
                fix: null,
              },
            ];
      }),
};

function permissive(
  subject: Subject,
  table: Relation,
  { command, role }: { command: (typeof rowPrivileges)[number]; role: string },
): number {
  return table.policies.filter(
    (policy) => policy.permissive && governs(policy, command) && appliesTo(subject, policy, role),
  ).length;
}
