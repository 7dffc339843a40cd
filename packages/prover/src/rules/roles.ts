import type { Role } from '../catalog/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import { policyObject, roleObject, ownTablesOf, type Rule, type Subject } from './rule.ts';

const applicationRoles = ({ model, access }: Subject): Role[] =>
  model.applicationRoles.flatMap((name) => access.role(name) ?? []);

export const powerfulRole: Rule = {
  id: 'BH030',
  severity: 'critical',
  title: 'The application’s role is above row-level security',
  explanation:
    'Superusers and roles with BYPASSRLS skip every policy; a role that may create roles can, before Postgres 16, grant itself any of them, and one with REPLICATION reads every row from the write-ahead log.',
  remedy: 'Run the application as a role without these attributes.',
  cites: ['T-2', 'https://www.postgresql.org/docs/current/role-attributes.html'],
  check: (subject) =>
    applicationRoles(subject).flatMap((role) => {
      const has = [
        ...(role.superuser ? ['superuser'] : []),
        ...(role.bypassRls ? ['bypassrls'] : []),
        ...(role.replication ? ['replication'] : []),
        ...(role.createRole ? ['createrole'] : []),
      ];
      if (has.length === 0) return [];
      const [worst] = has;
      return [
        {
          object: roleObject(role),
          message: `It has ${has.join(', ')}.`,
          fix: `alter role ${quoted(role.name)} ${has.map((each) => `no${each}`).join(' ')};`,
          severity:
            worst === 'superuser' || worst === 'bypassrls' ? ('critical' as const) : ('high' as const),
        },
      ];
    }),
};

/** Predefined roles that reach files and programs of the server, and so every row. */
const dangerous = new Set(['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']);

export const reachableRole: Rule = {
  id: 'BH031',
  severity: 'critical',
  title: 'The application’s role can become one above row-level security',
  explanation:
    'A member of a superuser, of a BYPASSRLS role or of the tables’ owner is one SET ROLE away from every row, and, where each tenant has a role, a member of another tenant’s is that tenant; an owner’s member can also switch row-level security off. Attributes are not inherited, but SET ROLE is allowed to every member unless the membership says otherwise.',
  remedy: 'Revoke the membership.',
  cites: ['T-2', 'T-19', 'https://www.postgresql.org/docs/current/role-membership.html'],
  check: (subject) =>
    applicationRoles(subject).flatMap((role) =>
      [...new Set([...subject.access.becomes(role.name), ...subject.access.inherits(role.name)])].flatMap(
        (name) => {
          const target = subject.access.role(name);
          if (target === undefined || name === role.name) return [];
          const why = powerOf(subject, target, role.name);
          if (why === null) return [];
          return [
            {
              object: roleObject(role),
              message: `It is a member of ${name}, which ${why}.`,
              fix: `revoke ${quoted(name)} from ${quoted(role.name)};`,
              detail: name,
            },
          ];
        },
      ),
    ),
};

function powerOf(subject: Subject, target: Role, member: string): string | null {
  if (target.superuser) return 'is a superuser';
  if (target.bypassRls) return 'has BYPASSRLS';
  if (dangerous.has(target.name)) return 'reaches the server’s files';
  const tables = ownTablesOf(subject).filter(({ id }) => subject.tenantTables.has(id));
  const owned = tables.find(({ owner }) => owner === target.name);
  if (owned !== undefined) return `owns ${nameOf(owned)}`;
  if (!subject.model.carriers.some(({ kind }) => kind === 'role')) return null;
  // A group's role holds the privileges that its members, one role for each tenant, have not themselves.
  const shared = tables.find(({ grants }) =>
    [target.name, member].every((name) => grants.some(({ grantee }) => grantee === name)),
  );
  return shared === undefined ? null : `is another tenant's role on ${nameOf(shared)}`;
}

export const applicationOwns: Rule = {
  id: 'BH032',
  severity: 'high',
  title: 'The application’s role owns its tables',
  explanation:
    'An owner can disable row-level security, drop policies and grant itself anything, so injected SQL can too; and without FORCE the policies do not even apply to it.',
  remedy: 'Give the tables to a role that only migrations use.',
  cites: ['T-1', 'T-2'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(
        (table) => subject.model.applicationRoles.includes(table.owner) && subject.tenantTables.has(table.id),
      )
      .map((table) => ({
        object: { kind: 'table' as const, name: nameOf(table) },
        message: `${table.owner} owns it${table.rls && !table.forceRls ? ', and its policies do not apply to the owner' : ''}.`,
        fix: null,
        severity: table.rls && !table.forceRls ? ('critical' as const) : ('high' as const),
      })),
};

export const inertPolicy: Rule = {
  id: 'BH037',
  severity: 'low',
  title: 'A policy is for a role that skips policies',
  explanation:
    'The policy names a superuser or a BYPASSRLS role. It looks as if it limited that role and never applies.',
  remedy: 'Drop the policy, or take the attribute from the role.',
  cites: ['T-2'],
  check: (subject) =>
    ownTablesOf(subject).flatMap((relation) =>
      relation.policies.flatMap((policy) => {
        const role = policy.roles
          .map((name) => subject.access.role(name))
          .find((each) => each?.superuser === true || each?.bypassRls === true);
        return role === undefined
          ? []
          : [
              {
                object: policyObject(relation, policy),
                message: `Role ${role.name} ${role.superuser ? 'is a superuser' : 'has BYPASSRLS'}.`,
                fix: null,
              },
            ];
      }),
    ),
};

/** Predefined roles that show other sessions' work. */
const observers = new Set([
  'pg_monitor',
  'pg_read_all_stats',
  'pg_read_all_settings',
  'pg_stat_scan_tables',
  'pg_signal_backend',
]);

export const observer: Rule = {
  id: 'BH070',
  severity: 'medium',
  title: 'The application’s role sees other sessions’ work',
  explanation:
    'Members of these predefined roles read other sessions’ statements, with the values in them, in `pg_stat_activity` and statistics views, or may end those sessions.',
  remedy: 'Revoke the membership; monitoring has a role of its own.',
  cites: ['T-12', 'https://www.postgresql.org/docs/current/predefined-roles.html'],
  check: (subject) =>
    applicationRoles(subject).flatMap((role) =>
      [...subject.access.inherits(role.name)]
        .filter((name) => observers.has(name))
        .map((name) => ({
          object: roleObject(role),
          message: `It is a member of ${name}.`,
          fix: `revoke ${name} from ${quoted(role.name)};`,
          detail: name,
        })),
    ),
};
