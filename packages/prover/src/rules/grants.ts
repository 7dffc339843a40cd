import { nameOf, quoted } from '../parse/facts.ts';
import { holdsTenants, judgements, byPolicy, commandsOf } from './judge.ts';
import {
  policyObject,
  privilegesOf,
  rolesWith,
  rowPrivileges,
  tableObject,
  ownTablesOf,
  type Rule,
  type Subject,
  type Violation,
} from './rule.ts';

export const beyondPolicies: Rule = {
  id: 'BH033',
  severity: 'medium',
  title: 'Application roles hold privileges that no policy limits',
  explanation:
    'TRUNCATE empties the table for every tenant and asks no policy. REFERENCES lets a role make a foreign key that tells which keys exist, TRIGGER lets it run code as whoever writes the table, MAINTAIN lets it lock it.',
  remedy: 'Revoke these privileges from application roles; grant SELECT, INSERT, UPDATE and DELETE only.',
  cites: ['T-9', 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter((table) => holdsTenants(subject, table))
      .flatMap((table) => {
        const owners = subject.model.applicationRoles.filter((role) =>
          subject.access.inherits(role).has(table.owner),
        );
        const held = privilegesOf(subject, table, ['truncate', 'references', 'trigger', 'maintain']);
        if (held.length === 0 || owners.length === subject.model.applicationRoles.length) return [];
        const roles = [...new Set(held.flatMap((privilege) => rolesWith(subject, table, privilege)))];
        return [
          {
            object: tableObject(table),
            message: `${roles.join(', ')} may ${held.join(', ')}.`,
            fix: `revoke ${held.join(', ')} on ${nameOf(table)} from ${holdersOf(subject, roles).join(', ')};`,
            severity: held.includes('truncate') ? ('high' as const) : ('medium' as const),
          },
        ];
      }),
};

/** The grantees through which roles may hold a privilege. */
function holdersOf({ access }: Subject, roles: readonly string[]): string[] {
  return [...new Set(roles.flatMap((role) => [...access.inherits(role)]))].map((name) =>
    name === 'public' ? name : quoted(name),
  );
}

export const publicGrant: Rule = {
  id: 'BH034',
  severity: 'medium',
  title: 'Every role has a privilege on a tenant’s table',
  explanation:
    'A privilege granted to PUBLIC belongs to every role of the cluster, those made later for reports or other applications included, with none of which the policies may reckon.',
  remedy: 'Revoke it from PUBLIC and grant it to the application’s role.',
  cites: ['T-2', 'https://www.postgresql.org/docs/current/ddl-priv.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter((table) => holdsTenants(subject, table))
      .flatMap((table) => {
        const held = table.grants.filter(
          ({ grantee, privilege }) =>
            grantee === 'public' && rowPrivileges.some((each) => each === privilege),
        );
        if (held.length === 0) return [];
        const privileges = held.map(({ privilege }) => privilege).join(', ');
        return [
          {
            object: tableObject(table),
            message: `PUBLIC may ${privileges}.`,
            fix: `revoke ${privileges} on ${nameOf(table)} from public;`,
          },
        ];
      }),
};

export const mayCreate: Rule = {
  id: 'BH035',
  severity: 'medium',
  title: 'Application roles may create objects in a schema',
  explanation:
    'Whoever may create in a schema that others search can put a function or table of a known name before the real one and run code as whoever uses it. A runtime role needs no DDL.',
  remedy: 'Revoke CREATE on the schema.',
  cites: ['T-7', 'CVE-2018-1058'],
  check: (subject) =>
    subject.catalog.schemas
      .filter(({ name }) => subject.model.exposedSchemas.includes(name))
      .flatMap((schema) => {
        const roles = subject.model.applicationRoles.filter(
          (role) =>
            !subject.access.inherits(role).has(schema.owner) &&
            subject.access.granted(schema.grants, role, 'create'),
        );
        if (roles.length === 0) return [];
        const grantees = schema.grants.filter(
          ({ privilege, grantee }) =>
            privilege === 'create' && roles.some((role) => subject.access.inherits(role).has(grantee)),
        );
        return [
          {
            object: { kind: 'schema' as const, name: quoted(schema.name) },
            message: `${roles.join(', ')} may create objects in it.`,
            fix: `revoke create on schema ${quoted(schema.name)} from ${[...new Set(grantees.map(({ grantee }) => (grantee === 'public' ? grantee : quoted(grantee))))].join(', ')};`,
          },
        ];
      }),
};

export const defaultGrants: Rule = {
  id: 'BH036',
  severity: 'medium',
  title: 'Tables made later are everybody’s by default',
  explanation:
    'Default privileges grant every future table to PUBLIC. The next migration that forgets row-level security opens its table to every role at once.',
  remedy: 'Revoke the default privilege and grant each table where it is made.',
  cites: ['T-8', 'https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html'],
  check: ({ catalog }) =>
    catalog.defaultGrants
      .filter(
        ({ objectKind, grants }) =>
          objectKind === 'tables' &&
          grants.some(
            ({ grantee, privilege }) =>
              grantee === 'public' && rowPrivileges.some((each) => each === privilege),
          ),
      )
      .map(({ role, schema }) => ({
        object: { kind: 'schema' as const, name: schema === null ? '*' : quoted(schema) },
        message: `Tables that ${role} makes${schema === null ? '' : ` in ${schema}`} are granted to PUBLIC.`,
        fix: `alter default privileges for role ${quoted(role)}${schema === null ? '' : ` in schema ${quoted(schema)}`} revoke all on tables from public;`,
        detail: role,
      })),
};

export const anonymousWrites: Rule = {
  id: 'BH038',
  severity: 'high',
  title: 'Anonymous requests may write',
  explanation:
    'A policy for writing applies to the role of requests without a token and can be true for them: anybody on the internet inserts, changes or deletes rows.',
  remedy:
    'Restrict the policy to the role of signed-in users, and revoke the privilege from the anonymous one.',
  cites: ['https://supabase.com/docs/guides/database/postgres/row-level-security'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          each.command !== 'select' &&
          each.roles.some((role) => role === 'anon' || role === 'web_anon') &&
          each.clause.possibleWithout &&
          !each.clause.always &&
          each.clause.openWithout === null,
      ),
    ).map(({ first, all }) => ({
      object: policyObject(first.relation, first.policy),
      message: `For ${commandsOf(all)} it can be true without a token: ${first.clause.text}`,
      fix: `alter policy ${quoted(first.policy.name)} on ${nameOf(first.relation)} to authenticated;`,
    })),
};

const sensitive =
  /(^|_)(password|passwd|secret|api_?key|access_token|refresh_token|private_key|ssn|social_security|passport|national_id|tax_id|credit_card|card_number|cvv|iban|bank_account|date_of_birth|salary|email|phone)(_|$)/i;

export const sensitiveColumn: Rule = {
  id: 'BH072',
  severity: 'medium',
  title: 'A sensitive column is granted to everybody',
  explanation:
    'A privilege on a column was granted to PUBLIC or to the anonymous role, and the column’s name says that it holds a secret or personal data. Grants on columns are made on purpose; this one is seldom meant.',
  remedy: 'Revoke the privilege on the column.',
  cites: ['https://www.postgresql.org/docs/current/ddl-priv.html'],
  check: (subject) =>
    ownTablesOf(subject).flatMap((table) =>
      table.columns
        .filter(({ name }) => sensitive.test(name))
        .flatMap(({ name, grants }): Violation[] => {
          const grant = grants.find(
            ({ grantee, privilege }) =>
              ['public', 'anon', 'web_anon'].includes(grantee) &&
              ['select', 'insert', 'update'].includes(privilege),
          );
          if (grant === undefined) return [];
          return [
            {
              object: tableObject(table),
              message: `${grant.grantee} may ${grant.privilege} column ${name}.`,
              fix: `revoke ${grant.privilege} (${quoted(name)}) on ${nameOf(table)} from ${grant.grantee};`,
              detail: name,
            },
          ];
        }),
    ),
};

export const readableSequence: Rule = {
  id: 'BH065',
  severity: 'info',
  title: 'A sequence tells how many rows all tenants have made',
  explanation:
    'SELECT on a sequence shows its last value, the count of rows of all tenants together; two looks a day apart give a competitor’s growth. Inserting needs USAGE only.',
  remedy: 'Revoke SELECT on the sequence, or use random keys.',
  cites: ['T-12'],
  check: (subject) =>
    subject.catalog.sequences
      .filter(
        ({ ownedBy, schema }) =>
          ownedBy !== null &&
          subject.tenantTables.has(ownedBy) &&
          subject.model.applicationRoles.some((role) => subject.access.mayUse(role, schema)),
      )
      .flatMap((sequence) => {
        const roles = subject.model.applicationRoles.filter(
          (role) =>
            subject.access.granted(sequence.grants, role, 'select') &&
            !subject.access.inherits(role).has(sequence.owner),
        );
        if (roles.length === 0) return [];
        return [
          {
            object: { kind: 'sequence' as const, name: nameOf(sequence) },
            message: `${roles.join(', ')} may read it.`,
            fix: `revoke select on sequence ${nameOf(sequence)} from ${roles.map(quoted).join(', ')};`,
          },
        ];
      }),
};
