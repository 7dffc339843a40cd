import type { Relation } from '../catalog/types.ts';
import { nameOf } from '../parse/facts.ts';
import { protectTable } from './fixes.ts';
import { holdsTenants } from './judge.ts';
import {
  appliesTo,
  privilegesOf,
  rowPrivileges,
  rolesWith,
  tableObject,
  ownTablesOf,
  type Rule,
  type Subject,
} from './rule.ts';

/** Whether the table is a child of one with row-level security; BH055 tells of those. */
function underProtectedParent({ facts }: Subject, relation: Relation): boolean {
  const parent = relation.parentId === null ? undefined : facts.lookup.relation(relation.parentId);
  return parent?.rls === true;
}

/** Column names that mark rows as somebody's secrets, whole words of the name. */
const sensitive =
  /(^|_)(password|passwd|secret|api_?key|access_token|refresh_token|private_key|ssn|social_security|passport|national_id|tax_id|credit_card|card_number|cvv|iban|bank_account|date_of_birth|salary|email|phone)(_|$)/i;

function whyTenants(subject: Subject, relation: Relation): string | null {
  const table = subject.tenantTables.get(relation.id);
  if (table !== undefined) return `column ${table.column} says whose each row is`;
  const parent = relation.foreignKeys
    .map(({ parentId }) => subject.facts.lookup.relation(parentId))
    .find((each) => each !== undefined && holdsTenants(subject, each));
  if (parent !== undefined) return `its rows belong to rows of ${nameOf(parent)}`;
  if (privilegesOf(subject, relation, ['insert', 'update', 'delete']).length > 0)
    return 'any tenant may change what every tenant sees';
  const column = relation.columns.find(({ name }) => sensitive.test(name));
  return column === undefined ? null : `column ${column.name} looks sensitive`;
}

const declared = ({ model }: Subject, relation: Relation): boolean =>
  model.shared.some(({ relationId, why }) => relationId === relation.id && why.startsWith('said so'));

export const rowSecurityOff: Rule = {
  id: 'BH001',
  severity: 'critical',
  title: 'Row-level security is off on a table with tenants’ rows',
  explanation:
    'An application role has a privilege on the table, and nothing in the database limits which rows. Every query that forgets its tenant condition, and every injected one, reaches every tenant. Partitioned tables count like plain ones. Tables that application roles may only read, that no column or foreign key ties to a tenant and that hold nothing sensitive are taken for shared reference data and listed as such.',
  remedy:
    'Enable and force row-level security and give the table a policy; or, if its rows are everybody’s, name it under `shared` in the configuration.',
  cites: ['T-26', 'CVE-2025-48757', 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(
        (table) =>
          !table.rls &&
          table.policies.length === 0 &&
          !underProtectedParent(subject, table) &&
          !declared(subject, table),
      )
      .flatMap((table) => {
        const privileges = privilegesOf(subject, table, rowPrivileges);
        const why = privileges.length === 0 ? null : whyTenants(subject, table);
        if (why === null) return [];
        return {
          object: tableObject(table),
          message: `Application roles may ${privileges.join(', ')}, row-level security is off, and ${why}.`,
          fix: protectTable(subject, table),
          severity: holdsTenants(subject, table) ? ('critical' as const) : ('high' as const),
        };
      }),
};

export const policiesWithoutSecurity: Rule = {
  id: 'BH002',
  severity: 'critical',
  title: 'Policies exist but row-level security is off',
  explanation:
    'Policies do nothing until row-level security is enabled on their table. The table looks protected in every review and is open to whoever has a privilege on it.',
  remedy: 'Enable and force row-level security, or drop the policies.',
  cites: ['T-24', 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter((table) => !table.rls && table.policies.length > 0)
      .map((table) => ({
        object: tableObject(table),
        message: `${table.policies.length} ${table.policies.length === 1 ? 'policy waits' : 'policies wait'} for row-level security to be enabled.`,
        fix: protectTable(subject, table),
      })),
};

export const notForced: Rule = {
  id: 'BH003',
  severity: 'medium',
  title: 'Row-level security does not hold for the table’s owner',
  explanation:
    'A table’s owner is exempt from its policies unless row-level security is forced. Migrations, jobs, security definer functions and views owned by it see every tenant. A superuser or BYPASSRLS role is exempt either way, so tables owned by one are not reported here.',
  remedy: 'Force row-level security on the table.',
  cites: ['T-1', 'T-22', 'https://www.postgresql.org/docs/current/sql-altertable.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(({ rls, forceRls }) => rls && !forceRls)
      .flatMap((table) => {
        const owner = subject.access.role(table.owner);
        if (owner === undefined || owner.superuser || owner.bypassRls) return [];
        const reaching = subject.model.applicationRoles.find(
          (role) =>
            subject.access.becomes(role).has(table.owner) || subject.access.inherits(role).has(table.owner),
        );
        return {
          object: tableObject(table),
          message:
            reaching === undefined
              ? `Its owner ${table.owner} is exempt from its policies.`
              : `Application role ${reaching} is or can become its owner ${table.owner}, who is exempt from its policies.`,
          fix: `alter table ${nameOf(table)} force row level security;`,
          severity: reaching === undefined ? ('medium' as const) : ('critical' as const),
        };
      }),
};

export const nothingPermitted: Rule = {
  id: 'BH004',
  severity: 'low',
  title: 'No policy lets any row pass',
  explanation:
    'Row-level security is on, application roles have privileges, and no permissive policy applies to them (restrictive policies only narrow), or those that do are never true. Nothing leaks, but reads are empty and writes fail: usually a policy was forgotten, and the next person to notice may open the table instead.',
  remedy: 'Write the permissive policy that was meant, or revoke the privileges.',
  cites: ['https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(({ rls }) => rls)
      .flatMap((table) => {
        const policies = subject.facts.policies.get(table.id) ?? [];
        const roles = [
          ...new Set(rowPrivileges.flatMap((privilege) => rolesWith(subject, table, privilege))),
        ];
        const passes = policies.some(
          ({ policy, using, check }) =>
            policy.permissive &&
            [using, check].some((clause) => clause !== null && !clause.never) &&
            roles.some((role) => appliesTo(subject, policy, role)),
        );
        if (roles.length === 0 || passes) return [];
        return {
          object: tableObject(table),
          message: `${roles.join(', ')} may use the table, and no permissive policy lets a row pass.`,
          fix: null,
        };
      }),
};
