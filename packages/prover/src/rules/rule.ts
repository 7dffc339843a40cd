import type { Catalog, Policy, Relation, Role, Routine } from '../catalog/types.ts';
import type { Finding, Severity } from '../findings.ts';
import type { Access } from '../model/access.ts';
import type { TenantModel, TenantTable } from '../model/types.ts';
import { managedSchemas } from '../model/settings.ts';
import { nameOf, quoted, type Facts, type PolicyFacts } from '../parse/facts.ts';

/** All that a rule may look at. */
export type Subject = {
  catalog: Catalog;
  facts: Facts;
  access: Access;
  model: TenantModel;
  /** the tables of tenants, by relation id */
  tenantTables: ReadonlyMap<string, TenantTable>;
};

/** Where one rule found a violation. */
export type Violation = {
  object: Finding['object'];
  message: string;
  /** SQL that closes it, or null when only a person can decide */
  fix: string | null;
  /** when it differs from the rule's */
  severity?: Severity;
  /** tells violations of one object apart, in the fingerprint */
  detail?: string;
};

export type Rule = {
  /** BH001 … */
  id: string;
  severity: Severity;
  title: string;
  /** what it finds and why that is dangerous; plain sentences for the rule's page */
  explanation: string;
  /** what to do about it, in general */
  remedy: string;
  /** traps, advisories and the manual's pages that it rests on */
  cites: string[];
  check: (subject: Subject) => Violation[];
};

/** A violation as a finding of its rule. */
export function findingOf(rule: Rule, violation: Violation): Finding {
  const { detail, severity, ...rest } = violation;
  return {
    rule: rule.id,
    severity: severity ?? rule.severity,
    ...rest,
    fingerprint: [
      rule.id,
      violation.object.kind,
      violation.object.name,
      ...(detail === undefined ? [] : [detail]),
    ].join(':'),
  };
}

export const tableObject = (relation: Relation): Finding['object'] => ({
  kind: relation.kind === 'v' || relation.kind === 'm' ? 'view' : 'table',
  name: nameOf(relation),
});
export const policyObject = (relation: Relation, policy: Policy): Finding['object'] => ({
  kind: 'policy',
  name: `${quoted(policy.name)} on ${nameOf(relation)}`,
});
export const routineName = (routine: Routine): string => `${nameOf(routine)}(${routine.arguments})`;
export const routineObject = (routine: Routine): Finding['object'] => ({
  kind: 'function',
  name: routineName(routine),
});
export const roleObject = (role: Pick<Role, 'name'>): Finding['object'] => ({
  kind: 'role',
  name: quoted(role.name),
});

/** Tables and partitioned tables in the schemas looked at, extensions' own left out. */
export function tablesOf({ catalog, model }: Subject): Relation[] {
  const schemas = new Set(model.exposedSchemas);
  return catalog.relations.filter(
    ({ kind, schema, extension }) =>
      (kind === 'r' || kind === 'p') && schemas.has(schema) && extension === null,
  );
}

/** The tables that are the user's to change: not those of a platform's own schemas. */
export const ownTablesOf = (subject: Subject): Relation[] =>
  tablesOf(subject).filter(({ schema }) => !managedSchemas.has(schema));

/** The privileges, among those asked for, that application roles have on a relation. */
export function privilegesOf(subject: Subject, relation: Relation, privileges: readonly string[]): string[] {
  return privileges.filter((privilege) => rolesWith(subject, relation, privilege).length > 0);
}

/** The application roles that have a privilege on a relation. */
export function rolesWith({ access, model }: Subject, relation: Relation, privilege: string): string[] {
  return model.applicationRoles.filter((role) => access.may(role, privilege, relation));
}

export const rowPrivileges = ['select', 'insert', 'update', 'delete'] as const;
export type Command = (typeof rowPrivileges)[number];

/** Whether a policy takes part in deciding a command. */
export const governs = (policy: Policy, command: Command): boolean =>
  policy.command === 'all' || policy.command === command;

/** Whether a policy applies to a role, through memberships too. */
export function appliesTo({ access }: Subject, policy: Policy, role: string): boolean {
  return policy.roles.some((each) => access.inherits(role).has(each));
}

/** A policy that applies to application roles which have the privilege for the command. */
export type Applying = PolicyFacts & { relation: Relation; roles: string[] };

/** The policies of one kind on a table that decide a command for application roles. */
export function applying(subject: Subject, relation: Relation, command: Command): Applying[] {
  const roles = rolesWith(subject, relation, command);
  return (subject.facts.policies.get(relation.id) ?? []).flatMap((facts) => {
    const held = governs(facts.policy, command)
      ? roles.filter((role) => appliesTo(subject, facts.policy, role))
      : [];
    return held.length === 0 ? [] : [{ ...facts, relation, roles: held }];
  });
}

/** The clause of a policy that decides a command: new rows for insert, existing ones else. */
export const clauseFor = ({ using, check }: PolicyFacts, command: Command) =>
  command === 'insert' ? check : using;

/** Whether restrictive policies confine a command for all the given roles, so that permissive ones can open nothing. */
export function floored(
  subject: Subject,
  relation: Relation,
  { command, roles, written = false }: { command: Command; roles: readonly string[]; written?: boolean },
): boolean {
  return roles.every((role) =>
    (subject.facts.policies.get(relation.id) ?? []).some((facts) => {
      const clause = written ? facts.check : clauseFor(facts, command);
      return (
        !facts.policy.permissive &&
        governs(facts.policy, command) &&
        appliesTo(subject, facts.policy, role) &&
        clause !== null &&
        clause.parts.length > 0 &&
        clause.parts.every(({ lets }) => lets === 'confined' || lets === 'never')
      );
    }),
  );
}
