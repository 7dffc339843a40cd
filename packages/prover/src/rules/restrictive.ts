import { policySites } from './identitySource.ts';
import { appliesTo, policyObject, type Rule } from './rule.ts';

export const inertFloor: Rule = {
  id: 'BH029',
  severity: 'medium',
  title: 'A restrictive policy narrows nothing',
  explanation:
    'A restrictive policy is a floor under all permissive ones. One that is always true looks like a floor in a review and holds nothing back.',
  remedy: 'Give it the tenant’s condition, or drop it.',
  cites: ['T-4', 'https://www.postgresql.org/docs/current/sql-createpolicy.html'],
  check: (subject) =>
    policySites(subject)
      .filter(
        ({ policy, clauses }) =>
          !policy.permissive && clauses.length > 0 && clauses.every(({ always }) => always),
      )
      .filter(({ policy }) => subject.model.applicationRoles.some((role) => appliesTo(subject, policy, role)))
      .map(({ relation, policy, clauses }) => ({
        object: policyObject(relation, policy),
        message: `It is true of every row: ${clauses[0]?.text}`,
        fix: null,
      })),
};
