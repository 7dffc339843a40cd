import type { Relation } from '../catalog/types.ts';
import { nameOf } from '../parse/facts.ts';
import { privilegesOf, rolesWith, rowPrivileges, tableObject, type Rule, type Subject } from './rule.ts';

const exposed = ({ catalog, model }: Subject, kind: Relation['kind']): Relation[] =>
  catalog.relations.filter(
    (relation) =>
      relation.kind === kind && relation.extension === null && model.exposedSchemas.includes(relation.schema),
  );

const isOn = (view: Relation, option: string): boolean =>
  view.options.some((each) => new RegExp(`^${option}=(true|on|1|yes)$`, 'i').test(each));

/** The relations that hold what a view shows: tables and materialized views, through other views too. */
function tablesBehind({ facts }: Subject, view: Relation): Relation[] {
  const seen = new Set<string>([view.id]);
  const tables: Relation[] = [];
  for (const id of seen) {
    const relation = facts.lookup.relation(id);
    if (relation === undefined) continue;
    if (relation.kind !== 'v' && relation !== view) tables.push(relation);
    else for (const read of relation.reads) seen.add(read);
  }
  return tables;
}

/** Whether the view's own condition confines what it reads of a table to the session's tenant. */
function confines({ facts }: Subject, view: Relation, table: Relation): boolean {
  const parts = facts.views.get(view.id)?.clauses.get(table.id)?.parts ?? [];
  return parts.length > 0 && parts.every(({ lets }) => lets === 'confined' || lets === 'never');
}

const holdsCopies = (subject: Subject, { kind, ...view }: Relation): boolean =>
  kind === 'm' &&
  tablesBehind(subject, { kind, ...view }).some(
    (table) => subject.tenantTables.has(table.id) || holdsCopies(subject, table),
  );

/** What a view reads of tenants' rows where no policy applies: a protected table as an exempt owner, or a materialized view. */
function bypassed(subject: Subject, view: Relation): { relation: Relation; why: string } | undefined {
  return tablesBehind(subject, view)
    .filter((relation) => !confines(subject, view, relation))
    .flatMap((relation) => {
      const exempt =
        subject.tenantTables.has(relation.id) && relation.rls
          ? subject.access.exempt(view.owner, relation)
          : null;
      const why = exempt ?? (holdsCopies(subject, relation) ? 'it is materialized' : null);
      return why === null ? [] : [{ relation, why }];
    })[0];
}

export const ownersView: Rule = {
  id: 'BH050',
  severity: 'critical',
  title: 'A view shows every tenant’s rows',
  explanation:
    'A view reads its tables as its owner unless it is security_invoker, and the owner is exempt from their policies: a superuser, a BYPASSRLS role, or the tables’ owner without FORCE. A view whose owner is subject to the policies, or whose own condition names who the session is, is not reported.',
  remedy:
    'Make the view security_invoker (Postgres 15 and later), or give it to a role that the policies bind.',
  cites: ['T-6', 'https://www.postgresql.org/docs/current/sql-createview.html'],
  check: (subject) =>
    exposed(subject, 'v')
      .filter((view) => !isOn(view, 'security_invoker'))
      .flatMap((view) => {
        const privileges = privilegesOf(subject, view, rowPrivileges);
        const read = privileges.length === 0 ? undefined : bypassed(subject, view);
        if (read === undefined) return [];
        return [
          {
            object: tableObject(view),
            message: `Application roles may ${privileges.join(', ')}; it reads ${nameOf(read.relation)} as ${view.owner}, and no policy applies (${read.why}).`,
            fix: `alter view ${nameOf(view)} set (security_invoker = true);`,
          },
        ];
      }),
};

export const leakyView: Rule = {
  id: 'BH051',
  severity: 'medium',
  title: 'A view that confines by its own condition is no security barrier',
  explanation:
    'The view’s WHERE is what keeps tenants apart, and without security_barrier the planner may run a caller’s function on the rows before it. A function that raises or prints its argument shows every tenant’s.',
  remedy: 'Set security_barrier, or make the view security_invoker over a protected table.',
  cites: ['T-6', 'T-13', 'https://www.postgresql.org/docs/current/rules-privileges.html'],
  check: (subject) =>
    exposed(subject, 'v')
      .filter(
        (view) =>
          !isOn(view, 'security_invoker') &&
          !isOn(view, 'security_barrier') &&
          privilegesOf(subject, view, ['select']).length > 0,
      )
      .flatMap((view) => {
        const table = tablesBehind(subject, view).find(
          (each) =>
            subject.tenantTables.has(each.id) &&
            confines(subject, view, each) &&
            subject.access.exempt(view.owner, each) !== null,
        );
        if (table === undefined) return [];
        return [
          {
            object: tableObject(view),
            message: `It confines the rows of ${nameOf(table)} itself.`,
            fix: `alter view ${nameOf(view)} set (security_barrier = true);`,
          },
        ];
      }),
};

export const materialized: Rule = {
  id: 'BH052',
  severity: 'high',
  title: 'A materialized view holds every tenant’s rows',
  explanation:
    'It was filled as its owner and can have no row-level security: whoever may read it reads what all tenants had at the last refresh.',
  remedy:
    'Revoke SELECT from application roles and let them read a view over it that compares with who the session is.',
  cites: ['T-6', 'https://www.postgresql.org/docs/current/sql-creatematerializedview.html'],
  check: (subject) =>
    exposed(subject, 'm').flatMap((view) => {
      const roles = rolesWith(subject, view, 'select');
      const table = tablesBehind(subject, view).find(({ id }) => subject.tenantTables.has(id));
      if (roles.length === 0 || table === undefined) return [];
      return [
        {
          object: tableObject(view),
          message: `${roles.join(', ')} may read what it holds of ${nameOf(table)}.`,
          fix: `revoke select on ${nameOf(view)} from public, ${roles.join(', ')};`,
        },
      ];
    }),
};

export const foreignTable: Rule = {
  id: 'BH053',
  severity: 'high',
  title: 'Application roles may use a foreign table',
  explanation: 'Foreign tables cannot have row-level security; the remote side sees one user whoever asks.',
  remedy: 'Revoke the privileges and go through a function or view that confines.',
  cites: ['T-6', 'https://www.postgresql.org/docs/current/sql-createforeigntable.html'],
  check: (subject) =>
    exposed(subject, 'f').flatMap((table) => {
      const privileges = privilegesOf(subject, table, rowPrivileges);
      return privileges.length === 0
        ? []
        : [
            {
              object: tableObject(table),
              message: `Application roles may ${privileges.join(', ')}.`,
              fix: null,
            },
          ];
    }),
};

export const accountsView: Rule = {
  id: 'BH054',
  severity: 'high',
  title: 'A view shows the accounts of all users',
  explanation:
    '`auth.users` holds every user’s address, telephone and metadata. A view of it in a schema that clients reach shows them to whoever may read the view.',
  remedy: 'Copy the few public fields to a table with policies of its own.',
  cites: ['T-6', 'https://supabase.com/docs/guides/database/database-advisors'],
  check: (subject) =>
    [...exposed(subject, 'v'), ...exposed(subject, 'm')].flatMap((view) => {
      const reads = tablesBehind(subject, view).some(
        ({ schema, name }) => schema === 'auth' && name === 'users',
      );
      const roles = rolesWith(subject, view, 'select');
      const own = view.kind === 'v' && isOn(view, 'security_invoker');
      return reads && roles.length > 0 && !own
        ? [
            {
              object: tableObject(view),
              message: `${roles.join(', ')} may read it.`,
              fix: `revoke select on ${nameOf(view)} from ${roles.join(', ')};`,
            },
          ]
        : [];
    }),
};

export const unprotectedChild: Rule = {
  id: 'BH055',
  severity: 'critical',
  title: 'A partition or child table can be read around its parent’s policies',
  explanation:
    'Policies of a partitioned or inherited table apply when it is named in the query. A partition or child named directly has only its own, and `create table … like` copies none.',
  remedy:
    'Revoke the privileges on the child, or enable and force row-level security there too; without a policy it then admits nobody directly.',
  cites: ['T-8', 'https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  check: (subject) =>
    [...exposed(subject, 'r'), ...exposed(subject, 'p')]
      .filter(({ rls, parentId, policies }) => !rls && parentId !== null && policies.length === 0)
      .flatMap((child) => {
        const parent = subject.facts.lookup.relation(child.parentId ?? '');
        const privileges = privilegesOf(subject, child, rowPrivileges);
        if (parent?.rls !== true || privileges.length === 0) return [];
        return [
          {
            object: tableObject(child),
            message: `Application roles may ${privileges.join(', ')} it directly; the policies of ${nameOf(parent)} do not apply then.`,
            fix: `alter table ${nameOf(child)} enable row level security;\nalter table ${nameOf(child)} force row level security;`,
          },
        ];
      }),
};
