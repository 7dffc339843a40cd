import { ownColumns } from '../parse/row.ts';
import type { Clause } from '../parse/clause.ts';
import { walk, type Expression } from '../parse/expression.ts';
import { quoted } from '../parse/facts.ts';
import { identitiesOf } from '../parse/identity.ts';
import type { Policy, Relation } from '../catalog/types.ts';
import { confinePolicy } from './fixes.ts';
import {
  applying,
  policyObject,
  rolesWith,
  routineObject,
  routineName,
  tablesOf,
  type Applying,
  type Rule,
  type Subject,
  type Violation,
} from './rule.ts';

type Site = { relation: Relation; policy: Policy; clauses: Clause[] };

/** Every policy with its clauses, each clause once. */
export function policySites(subject: Subject): Site[] {
  return tablesOf(subject).flatMap((relation) =>
    (subject.facts.policies.get(relation.id) ?? []).map(({ policy, using, check, explicitCheck }) => ({
      relation,
      policy,
      clauses: [using, explicitCheck ? check : null].filter((clause) => clause !== null),
    })),
  );
}

function found(
  subject: Subject,
  message: string,
  test: (clause: Clause, relation: Relation) => boolean,
): Violation[] {
  return policySites(subject).flatMap(({ relation, policy, clauses }) => {
    const clause = clauses.find((each) => test(each, relation));
    if (clause === undefined) return [];
    return [
      {
        object: policyObject(relation, policy),
        message: `${message}: ${clause.text}`,
        fix: confinePolicy(subject, relation, policy),
      },
    ];
  });
}

export const writableClaim: Rule = {
  id: 'BH015',
  severity: 'critical',
  title: 'A policy trusts a claim that users write themselves',
  explanation:
    '`user_metadata` in a token, and `raw_user_meta_data` in `auth.users`, hold what a user sent with `auth.updateUser`. A policy that reads a role or a tenant there lets every user choose it.',
  remedy: 'Keep such facts in `app_metadata`, or in a table that users cannot write.',
  cites: [
    'https://supabase.com/docs/guides/database/database-advisors',
    'https://supabase.com/docs/guides/auth/users',
  ],
  check: (subject) =>
    found(
      subject,
      'It reads what the user wrote',
      (clause) =>
        [...walk(clause.expression)].some(
          (each) =>
            (each.kind === 'constant' &&
              (each.value === 'user_metadata' || each.value === 'raw_user_meta_data')) ||
            (each.kind === 'column' && each.path.at(-1) === 'raw_user_meta_data'),
        ) ||
        clause.identities.some(
          (identity) => identity.kind === 'claim' && identity.path.includes('user_metadata'),
        ),
    ),
};

export const roleAsIdentity: Rule = {
  id: 'BH016',
  severity: 'high',
  title: 'Identity is taken from a database role that does not tell tenants apart',
  explanation:
    '`session_user` is the login role and stays the same under SET ROLE, so behind a pool it is the same for every tenant; `current_user` inside a security definer function is the function’s owner, whoever calls. A condition on either is the same for all tenants.',
  remedy:
    'Compare with `current_user` in the policy itself where each tenant has a role, or with a setting or claim.',
  cites: ['T-19', 'https://www.postgresql.org/docs/current/functions-info.html'],
  check: (subject) => [
    ...found(subject, 'It compares a column with session_user', (clause, relation) =>
      [...walk(clause.expression)].some(
        (each) =>
          each.kind === 'operator' &&
          ownColumns(each, relation).length > 0 &&
          identitiesOf(each, subject.facts.resolver).some((identity) => identity.session === true),
      ),
    ),
    ...definersReadingRole(subject),
  ],
};

function definersReadingRole(subject: Subject): Violation[] {
  const called = new Set(
    policySites(subject).flatMap(({ clauses }) =>
      clauses.flatMap(({ calls }) => calls.flatMap(({ routines }) => routines)),
    ),
  );
  return [...called].flatMap((id): Violation[] => {
    const routine = subject.facts.lookup.routine(id);
    if (routine?.securityDefiner !== true) return [];
    const body = subject.facts.bodies(id);
    const expressions =
      body?.statements.flatMap(({ query }) => [...query.targets, ...query.conditions]) ?? [];
    const reads = expressions.some((expression) =>
      [...walk(expression)].some((each) => each.kind === 'role' && !each.session),
    );
    if (!reads) return [];
    return [
      {
        object: routineObject(routine),
        message: `Inside it, current_user is always its owner ${routine.owner}, and policies call it.`,
        fix: `alter function ${routineName(routine)} security invoker;`,
      },
    ];
  });
}

export const patternIdentity: Rule = {
  id: 'BH017',
  severity: 'high',
  title: 'A policy matches who the session is as a pattern',
  explanation:
    'LIKE and regular expressions give `%`, `_` and `.*` a meaning. Whoever can choose the value, or a part of it, matches other tenants’ rows.',
  remedy: 'Compare with `=`; for letter case, compare `lower` of both sides.',
  cites: ['https://www.postgresql.org/docs/current/functions-matching.html'],
  check: (subject) =>
    found(subject, 'It uses a pattern', (clause) =>
      [...walk(clause.expression)].some(
        (each) =>
          each.kind === 'operator' &&
          /^(~~\*?|~\*?|\^@)$/.test(each.operator) &&
          identitiesOf(each, subject.facts.resolver).length > 0,
      ),
    ),
};

export const hardCodedTenant: Rule = {
  id: 'BH018',
  severity: 'medium',
  title: 'A policy names one tenant',
  explanation:
    'The tenant column is compared with a constant: every session, of whichever tenant, is given that tenant’s rows. Usually left from trying things out.',
  remedy: 'Compare with who the session is.',
  cites: ['T-4'],
  check: (subject) =>
    found(subject, 'It compares the tenant column with a constant', (clause, relation) => {
      const column = subject.tenantTables.get(relation.id)?.column;
      return (
        column !== undefined &&
        [...walk(clause.expression)].some(
          (each) => each.kind === 'operator' && each.operator === '=' && isConstant(each, column),
        )
      );
    }),
};

function isConstant(expression: Extract<Expression, { kind: 'operator' }>, column: string): boolean {
  const bare = [expression.left, expression.right].map((side) =>
    side?.kind === 'cast' ? side.argument : side,
  );
  return (
    bare.some((side) => side?.kind === 'column' && side.path.length === 1 && side.path[0] === column) &&
    bare.some((side) => side?.kind === 'constant' && side.value !== null)
  );
}

export const unsetSetting: Rule = {
  id: 'BH022',
  severity: 'low',
  title: 'A policy fails with an error where its setting is unset',
  explanation:
    "Once a transaction-local setting ends, its value is an empty text, not null, and `''::uuid` raises an error; so does `current_setting` with one argument for a setting never made. Nothing leaks, but a pooled connection then answers with errors instead of no rows, and someone will silence them. A name without a dot is one of the server’s own settings, never the application’s.",
  remedy: "Write `nullif(current_setting('app.tenant_id', true), '')::uuid`.",
  cites: ['T-16', 'https://www.postgresql.org/docs/current/functions-admin.html'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const setting = clauses
        .flatMap(({ settings }) => settings)
        .find(({ name, missingOk, rawCast }) => rawCast !== null || !missingOk || !name.includes('.'));
      if (setting === undefined) return [];
      const why = !setting.name.includes('.')
        ? 'has no dot in its name, so an application cannot make it'
        : setting.rawCast === null
          ? 'is read without saying that it may be missing'
          : `is cast to ${setting.rawCast} although its text may be empty`;
      return [
        { object: policyObject(relation, policy), message: `Setting ${setting.name} ${why}.`, fix: null },
      ];
    }),
};

export const plainSetting: Rule = {
  id: 'BH023',
  severity: 'info',
  title: 'A plain setting says who the session is',
  explanation:
    "Any SQL that runs in the session can change it: `where set_config('app.tenant_id', other, true) is not null`, injected into one query, reads another tenant within that statement. The same holds for SET ROLE, which RESET ROLE undoes. Policies then guard against forgotten conditions, not against injection. This is told once and counts as no hole.",
  remedy:
    'Where injection matters, let policies verify a sealed value, as Bulkhead’s context is, and never let clients send SQL.',
  cites: ['T-19'],
  check: ({ model, catalog }) =>
    model.carriers
      .filter(({ kind }) => kind === 'setting')
      .slice(0, 1)
      .map((carrier) => ({
        object: { kind: 'database' as const, name: quoted(catalog.server.database) },
        message: `${model.tables.length} tables rest on the setting ${'name' in carrier ? carrier.name : ''}.`,
        fix: null,
      })),
};

export const softDeleteRefused: Rule = {
  id: 'BH071',
  severity: 'low',
  title: 'A policy for reading refuses the update that soft-deletes',
  explanation:
    'A changed row must pass the SELECT policies too when the statement reads the table. A policy that says `deleted_at is null` therefore refuses `update … set deleted_at = now()` with 42501, and applications work around it with a role that sees too much.',
  remedy: 'Hide deleted rows in a view, or let the policy admit rows deleted by the running statement.',
  cites: ['T-27', 'https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    tablesOf(subject)
      .filter(({ rls }) => rls)
      .flatMap((relation) => {
        const column = relation.columns.find(({ name }) =>
          /^(deleted_at|deleted_on|archived_at)$/.test(name),
        )?.name;
        if (column === undefined || rolesWith(subject, relation, 'update').length === 0) return [];
        const reading = applying(subject, relation, 'select');
        const hides = ({ using }: Applying): boolean =>
          using !== null && requiresNull(using.expression, column);
        const permissive = reading.filter(({ policy }) => policy.permissive);
        const hiding =
          reading.find((each) => !each.policy.permissive && hides(each)) ??
          (permissive.every(hides) ? permissive[0] : undefined);
        if (hiding === undefined) return [];
        return [
          {
            object: policyObject(relation, hiding.policy),
            message: `It requires ${column} to be null, so no update can set it.`,
            fix: null,
          },
        ];
      }),
};

function requiresNull(expression: Expression, column: string): boolean {
  const conjuncts = expression.kind === 'and' ? expression.parts : [expression];
  return conjuncts.some(
    (each) =>
      each.kind === 'test' &&
      each.test === 'null' &&
      each.argument.kind === 'column' &&
      each.argument.path.at(-1) === column,
  );
}
