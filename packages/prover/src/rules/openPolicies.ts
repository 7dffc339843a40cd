import { walk, type Expression } from '../parse/expression.ts';
import { identitiesOf } from '../parse/identity.ts';
import type { Part } from '../parse/confine.ts';
import { confinePolicy } from './fixes.ts';
import { byPolicy, commandsOf, holdsTenants, judgements, type Judgement } from './judge.ts';
import { policyObject, tablesOf, type Rule, type Subject, type Violation } from './rule.ts';

const violation = (subject: Subject, { relation, policy }: Judgement, message: string): Violation => ({
  object: policyObject(relation, policy),
  message,
  fix: confinePolicy(subject, relation, policy),
});

const lets = (judgement: Judgement, what: Part['lets']): boolean =>
  judgement.loose.some((part) => part.lets === what);

/** Whether what a clause says of its policy's new rows is BH010's to tell. */
const isCheckOnly = ({ written, using, explicitCheck }: Judgement): boolean =>
  written && explicitCheck && using?.always !== true;

/** Whether the update or delete clause is looser than those for reading: BH012's to tell. */
export function readsAreConfined(subject: Subject, { relation, roles }: Judgement): boolean {
  const reads = judgements(subject).filter(
    (each) =>
      each.relation === relation &&
      each.command === 'select' &&
      each.roles.some((role) => roles.includes(role)),
  );
  return reads.length > 0 && reads.every(({ loose }) => loose.length === 0);
}

export const alwaysTrue: Rule = {
  id: 'BH005',
  severity: 'critical',
  title: 'A permissive policy is true for every row',
  explanation:
    'Permissive policies are alternatives: one that is always true opens the table, whatever the others say. The truth may be in disguise: `1 = 1`, `x or true`, `tenant_id = tenant_id`, a helper function that returns true. A restrictive policy that confines the same command to the tenant makes this sound, and then nothing is reported; nor is a `using (true)` for reading a table that no column ties to a tenant.',
  remedy:
    'Compare the tenant column with who the session is, or keep `true` and add a restrictive policy that does.',
  cites: ['T-4', 'CVE-2025-48757', 'https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          (each.clause.always || lets(each, 'open')) &&
          !isCheckOnly(each) &&
          (each.command !== 'select' || holdsTenants(subject, each.relation)) &&
          !(
            ['update', 'delete'].includes(each.command) &&
            each.policy.command !== 'all' &&
            readsAreConfined(subject, each)
          ),
      ),
    ).map(({ first, all }) =>
      violation(
        subject,
        first,
        `For ${commandsOf(all)} it is true of every row, for ${first.roles.join(', ')}: ${first.clause.text}`,
      ),
    ),
};

/** Conditions that every session with an identity meets. */
function meansSignedIn(expression: Expression): boolean {
  if (expression.kind === 'and') return expression.parts.some((part) => meansSignedIn(part));
  if (expression.kind === 'not')
    return expression.argument.kind === 'test' && expression.argument.test === 'null';
  if (expression.kind === 'test') return expression.test === 'not null';
  if (expression.kind === 'subquery')
    return (
      expression.query.from.length === 0 && expression.query.targets.some((target) => meansSignedIn(target))
    );
  if (expression.kind !== 'operator') return false;
  const constants = [...walk(expression)].flatMap((each) => (each.kind === 'constant' ? [each.value] : []));
  if (expression.operator === '=')
    return constants.some((value) => value === 'authenticated' || value === 'anon');
  return expression.operator === '<>' && constants.includes('');
}

export const anySession: Rule = {
  id: 'BH006',
  severity: 'critical',
  title: 'A policy asks only whether the session is signed in',
  explanation:
    "The policy looks at the session and not at the row: `auth.uid() is not null`, `auth.role() = 'authenticated'`. Every signed-in user of every tenant sees and changes every row.",
  remedy: 'Compare a column of the row with who the session is.',
  cites: ['T-4', 'https://supabase.com/docs/guides/database/postgres/row-level-security'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          holdsTenants(subject, each.relation) &&
          !isCheckOnly(each) &&
          each.loose.some((part) => ['gate', 'bypass'].includes(part.lets) && meansSignedIn(part.expression)),
      ),
    ).map(({ first, all }) =>
      violation(
        subject,
        first,
        `For ${commandsOf(all)} it admits every row to every signed-in session: ${first.clause.text}`,
      ),
    ),
};

export const widened: Rule = {
  id: 'BH007',
  severity: 'high',
  title: 'A policy lets tenants change rows without asking whose they are',
  explanation:
    "A permissive policy for writing, or one alternative of it, tests the row’s state and not its tenant, as in `status = 'draft'`. For reading, such a test is a common way to publish rows and is not reported; for writing it lets every tenant change and delete the others’ rows.",
  remedy: 'Add the tenant’s condition to the alternative.',
  cites: ['T-4', 'T-5'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter(
        (each) =>
          each.command !== 'select' &&
          !isCheckOnly(each) &&
          holdsTenants(subject, each.relation) &&
          lets(each, 'row') &&
          !each.clause.always,
      ),
    ).map(({ first, all }) =>
      violation(
        subject,
        first,
        `For ${commandsOf(all)} an alternative does not ask whose the row is: ${first.clause.text}`,
      ),
    ),
};

export const bypassSetting: Rule = {
  id: 'BH008',
  severity: 'high',
  title: 'A plain setting switches a policy off',
  explanation:
    'One alternative of the policy is true whenever a setting has some value. Any SQL that runs in the session, an injected `set_config` inside a WHERE included, can give it that value and see every tenant.',
  remedy: 'Give staff a role of their own with its own policy, instead of a setting.',
  cites: ['T-19'],
  check: (subject) =>
    byPolicy(
      judgements(subject).filter((each) =>
        each.loose.some(
          (part) => part.lets === 'bypass' && !meansSignedIn(part.expression) && !asksNull(part.expression),
        ),
      ),
    ).map(({ first, all }) =>
      violation(
        subject,
        first,
        `For ${commandsOf(all)} a setting alone opens every row: ${first.clause.text}`,
      ),
    ),
};

function asksNull(expression: Expression): boolean {
  return (
    [...walk(expression)].some((each) => each.kind === 'test' && each.test === 'null') ||
    isEmptyTest(expression)
  );
}

function isEmptyTest(expression: Expression): boolean {
  return (
    expression.kind === 'operator' &&
    expression.operator === '=' &&
    [expression.left, expression.right].some(
      (side) =>
        side !== null && [...walk(side)].some((each) => each.kind === 'constant' && each.value === ''),
    )
  );
}

export const openWithoutIdentity: Rule = {
  id: 'BH009',
  severity: 'critical',
  title: 'A policy is true for every row when the session has not said who it is',
  explanation:
    'With the setting or claim absent the condition holds for every row: `auth.uid() is null or …`, `tenant_id = coalesce(…, tenant_id)`. A request without a token, a job that forgot its tenant, or a pooled connection whose local setting has ended (its value is then an empty text, not null) sees everything.',
  remedy: 'Let absence make the condition null or false.',
  cites: ['T-16', 'CVE-2025-48757'],
  check: (subject) =>
    tablesOf(subject)
      .filter(({ rls }) => rls)
      .flatMap((relation) =>
        (subject.facts.policies.get(relation.id) ?? []).flatMap(({ policy, using, check }): Violation[] => {
          const clause = [using, check].find((each) => each !== null && each.openWithout !== null);
          if (
            clause === undefined ||
            clause === null ||
            identitiesOf(clause.expression, subject.facts.resolver).length === 0
          )
            return [];
          const decides = !policy.permissive || judgements(subject).some((each) => each.policy === policy);
          if (!decides) return [];
          return [
            {
              object: policyObject(relation, policy),
              message: `It is true of every row while the session's identity is ${clause.openWithout}: ${clause.text}`,
              fix: confinePolicy(subject, relation, policy),
            },
          ];
        }),
      ),
};
