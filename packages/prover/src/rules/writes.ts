import type { Relation } from '../catalog/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import { confinePolicy, tenantCondition } from './fixes.ts';
import { byPolicy, commandsOf, holdsTenants, judgements } from './judge.ts';
import { readsAreConfined } from './openPolicies.ts';
import { policyObject, tablesOf, type Rule } from './rule.ts';

export const weakCheck: Rule = {
  id: 'BH010',
  severity: 'critical',
  title: 'New rows are checked less than existing ones',
  explanation:
    'An explicit WITH CHECK replaces USING for the rows as they will be written. When it is true, or tests something other than the tenant, a tenant inserts rows as another tenant or moves its own rows over. Left out, USING serves for both, and that is sound.',
  remedy: 'Let WITH CHECK say what USING says, or leave it out.',
  cites: ['T-3', 'https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          each.written &&
          each.explicitCheck &&
          each.using?.always !== true &&
          holdsTenants(subject, each.relation) &&
          (each.clause.always ||
            each.loose.some((part) => ['open', 'row', 'bypass', 'gate', 'unbound'].includes(part.lets))) &&
          each.clause.openWithout === null &&
          // The same loose alternative in both clauses is told of once, as the policy's.
          !(each.using !== null && each.using.text === each.clause.text),
      ),
    ).map(({ first, all }) => {
      const condition = tenantCondition(subject, first.relation);
      return {
        object: policyObject(first.relation, first.policy),
        message: `For ${commandsOf(all)} it accepts new rows of any tenant: with check ${first.clause.text}`,
        fix:
          condition === null
            ? null
            : `alter policy ${quoted(first.policy.name)} on ${nameOf(first.relation)} with check (${condition});`,
        // A trigger may set the column, as where anybody may found a tenant.
        severity:
          all.every(({ command }) => command === 'insert') && setsOnInsert(first.relation)
            ? ('medium' as const)
            : ('critical' as const),
      };
    }),
};

function setsOnInsert({ triggers }: Relation): boolean {
  return triggers.some(({ enabled, definition }) => enabled && /\bBEFORE\b.*\bINSERT\b/.test(definition));
}

export const neitherClause: Rule = {
  id: 'BH011',
  severity: 'low',
  title: 'A policy has neither USING nor WITH CHECK',
  explanation:
    'Such a policy lets nothing pass when it is permissive and narrows nothing when it is restrictive. It is what remains when a migration tool loses the clauses.',
  remedy: 'Write the policy again with its conditions.',
  cites: ['T-24', 'drizzle-team/drizzle-orm issues 3504 and 4626'],
  check: (subject) =>
    tablesOf(subject).flatMap((relation) =>
      relation.policies
        .filter(({ using, withCheck }) => using === null && withCheck === null)
        .map((policy) => ({
          object: policyObject(relation, policy),
          message: policy.permissive ? 'It lets nothing pass.' : 'It narrows nothing.',
          fix: confinePolicy(subject, relation, policy),
          severity: policy.permissive ? ('low' as const) : ('medium' as const),
        })),
    ),
};

export const changesWiderThanReads: Rule = {
  id: 'BH012',
  severity: 'critical',
  title: 'Changes are confined less than reads',
  explanation:
    'UPDATE and DELETE consult the SELECT policies only when the statement reads columns, in a WHERE or RETURNING. Without one, only their own policies count: `delete from t` under a delete policy that is always true removes every tenant’s rows, although each tenant sees only its own.',
  remedy: 'Give the UPDATE and DELETE policies the tenant’s condition too.',
  cites: ['T-5', 'https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          ['update', 'delete'].includes(each.command) &&
          !each.written &&
          each.policy.command !== 'all' &&
          (each.clause.always || each.loose.some((part) => part.lets === 'open')) &&
          readsAreConfined(subject, each),
      ),
    ).map(({ first, all }) => ({
      object: policyObject(first.relation, first.policy),
      message: `A ${commandsOf(all)} without WHERE reaches every tenant's rows, though reads are confined: ${first.clause.text}`,
      fix: confinePolicy(subject, first.relation, first.policy),
    })),
};
