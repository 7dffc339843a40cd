import { nameOf, quoted } from '../parse/facts.ts';
import { confinePolicy, protectTable } from './fixes.ts';
import { byPolicy, holdsTenants, judgements } from './judge.ts';
import { policySites } from './identitySource.ts';
import { policyObject, privilegesOf, tableObject, ownTablesOf, type Rule } from './rule.ts';

export const readsWritableTable: Rule = {
  id: 'BH019',
  severity: 'high',
  title: 'A policy believes a table that tenants can write',
  explanation:
    'The policy looks up a membership or another fact in a table without row-level security on which application roles may insert or update. Whoever writes a row there gives himself any tenant.',
  remedy: 'Protect the table that is looked up, or revoke the privileges to write it.',
  cites: ['T-23', 'T-4'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const read = clauses
        .flatMap(({ reads, parts }) => [
          ...reads,
          ...parts.flatMap((part) => part.confinements.flatMap(({ relations }) => relations)),
        ])
        .map((id) => subject.facts.lookup.relation(id))
        .find(
          (each) =>
            each !== undefined &&
            each.id !== relation.id &&
            !each.rls &&
            ['r', 'p'].includes(each.kind) &&
            privilegesOf(subject, each, ['insert', 'update']).length > 0,
        );
      if (read === undefined) return [];
      return [
        {
          object: policyObject(relation, policy),
          message: `It looks into ${nameOf(read)}, which has no row-level security and which application roles may write.`,
          fix: protectTable(subject, read),
        },
      ];
    }),
};

export const unboundLookup: Rule = {
  id: 'BH020',
  severity: 'critical',
  title: 'A policy’s subquery is not about the caller',
  explanation:
    "The subquery asks whether some row exists anywhere, as in `exists (select from users where role = 'admin')`, and nothing in it names who the session is. Once such a row exists the condition holds for everybody.",
  remedy: 'Compare a column in the subquery with who the session is.',
  cites: ['T-4'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) => holdsTenants(subject, each.relation) && each.loose.some((part) => part.lets === 'unbound'),
      ),
    ).map(({ first }) => ({
      object: policyObject(first.relation, first.policy),
      message: `Its subquery does not name who the session is: ${first.clause.text}`,
      fix: confinePolicy(subject, first.relation, first.policy),
    })),
};

export const nullableTenant: Rule = {
  id: 'BH021',
  severity: 'low',
  title: 'The tenant column may be null',
  explanation:
    'A row without a tenant belongs to nobody: it passes no policy, escapes composite foreign keys and unique constraints, and is every tenant’s as soon as one condition treats null kindly.',
  remedy: 'Make the column NOT NULL.',
  cites: ['T-10', 'T-11'],
  check: (subject) =>
    ownTablesOf(subject).flatMap((table) => {
      const tenant = subject.tenantTables.get(table.id);
      const column = table.columns.find(({ name }) => name === tenant?.column);
      const writable = privilegesOf(subject, table, ['insert', 'update']).length > 0;
      if (
        tenant === undefined ||
        column === undefined ||
        column.notNull ||
        table.policies.length === 0 ||
        !writable
      )
        return [];
      return [
        {
          object: tableObject(table),
          message: `Column ${column.name} may be null.`,
          fix: `alter table ${nameOf(table)} alter column ${quoted(column.name)} set not null;`,
        },
      ];
    }),
};
