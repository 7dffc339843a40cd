import { walk, type Expression } from '../parse/expression.ts';
import { policySites } from './identitySource.ts';
import { policyObject, type Rule } from './rule.ts';

export const anyBucket: Rule = {
  id: 'BH073',
  severity: 'medium',
  title: 'A storage policy holds for every bucket',
  explanation:
    'All files of a Supabase project are rows of storage.objects. A policy that asks for a folder or an owner and not for the bucket applies to the buckets made later too, those that were meant to be private included.',
  remedy: "Add `bucket_id = '…'` to the policy.",
  cites: ['https://supabase.com/docs/guides/storage/security/access-control'],
  check: (subject) =>
    policySites(subject)
      .filter(
        ({ relation, policy }) =>
          relation.schema === 'storage' && relation.name === 'objects' && policy.permissive,
      )
      .filter(
        ({ clauses: [clause] }) => clause !== undefined && !clause.always && !clause.columns.has('bucket_id'),
      )
      .map(({ relation, policy, clauses }) => ({
        object: policyObject(relation, policy),
        message: `It names no bucket: ${clauses[0]?.text}`,
        fix: null,
      })),
};

export const addressAsIdentity: Rule = {
  id: 'BH076',
  severity: 'low',
  title: 'A policy tells sessions apart by their e-mail address',
  explanation:
    'Addresses change, are spelled in several ways and are given to others when an account is closed. Rows that follow the address are lost to their owner or found by the next holder.',
  remedy: 'Compare with the user’s id.',
  cites: ['T-35'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const clause = clauses.find(({ parts }) =>
        parts.some(({ confinements }) =>
          confinements.some(({ identity }) => identity?.kind === 'claim' && identity.path.at(-1) === 'email'),
        ),
      );
      return clause === undefined
        ? []
        : [
            {
              object: policyObject(relation, policy),
              message: `It compares an address: ${clause.text}`,
              fix: null,
            },
          ];
    }),
};

export const unknownRole: Rule = {
  id: 'BH077',
  severity: 'low',
  title: 'A policy compares the request’s role with one that does not exist',
  explanation:
    'The `role` claim holds the name of the database role that the request runs as. Compared with anything else, as with `admin`, the condition never holds, and whoever notices may loosen the policy.',
  remedy:
    'Compare with a role of the database, or read the application’s own role from `app_metadata` or a table.',
  cites: ['https://supabase.com/docs/guides/database/postgres/row-level-security'],
  check: (subject) =>
    policySites(subject).flatMap(({ relation, policy, clauses }) => {
      const name = clauses
        .flatMap(({ expression }) => [...walk(expression)].map(roleCompared))
        .find((each) => each !== null && subject.access.role(each) === undefined);
      return name === undefined || name === null
        ? []
        : [{ object: policyObject(relation, policy), message: `There is no role ${name}.`, fix: null }];
    }),
};

/** The constant that `auth.role()` is compared with. */
function roleCompared(expression: Expression): string | null {
  if (expression.kind !== 'operator' || expression.operator !== '=' || expression.left === null) return null;
  const sides = [expression.left, expression.right];
  const asks = sides.some((side) =>
    [...walk(side)].some((each) => each.kind === 'call' && each.name.join('.') === 'auth.role'),
  );
  const constant = sides
    .map((side) => (side.kind === 'cast' ? side.argument : side))
    .find((side) => side.kind === 'constant');
  return asks && constant?.kind === 'constant' && typeof constant.value === 'string' ? constant.value : null;
}
