import type { Relation } from '../catalog/types.ts';
import type { Clause } from '../parse/clause.ts';
import type { Part } from '../parse/confine.ts';
import type { PolicyFacts } from '../parse/facts.ts';
import {
  appliesTo,
  floored,
  governs,
  rolesWith,
  rowPrivileges,
  tablesOf,
  type Command,
  type Subject,
} from './rule.ts';

/** One clause of a permissive policy that decides, because no restrictive policy confines what it lets pass. */
export type Judgement = PolicyFacts & {
  relation: Relation;
  command: Command;
  /** whether it judges rows as they will be written, not rows as they are */
  written: boolean;
  clause: Clause;
  /** application roles that it decides for */
  roles: string[];
  /** the disjuncts that do not confine */
  loose: Part[];
};

const judged = new WeakMap<Subject, Judgement[]>();

/** Every deciding clause of every permissive policy on the tables looked at. */
export function judgements(subject: Subject): Judgement[] {
  const known = judged.get(subject);
  if (known !== undefined) return known;
  const found = tablesOf(subject)
    .filter(({ rls }) => rls)
    .flatMap((relation) => rowPrivileges.flatMap((command) => judge(subject, relation, command)));
  judged.set(subject, found);
  return found;
}

function judge(subject: Subject, relation: Relation, command: Command): Judgement[] {
  const policies = subject.facts.policies.get(relation.id) ?? [];
  if (policies.length === 0) return [];
  const holders = rolesWith(subject, relation, command);
  const sides = command === 'update' ? [false, true] : [command === 'insert'];
  return policies
    .filter(({ policy }) => policy.permissive && governs(policy, command))
    .flatMap((facts) =>
      sides.flatMap((written): Judgement[] => {
        const clause = written ? facts.check : facts.using;
        const roles = holders
          .filter((role) => appliesTo(subject, facts.policy, role))
          .filter((role) => !floored(subject, relation, { command, roles: [role], written }));
        if (clause === null || roles.length === 0) return [];
        const loose = clause.parts.filter(({ lets }) => lets !== 'confined' && lets !== 'never');
        return [{ ...facts, relation, command, written, clause, roles, loose }];
      }),
    );
}

/** Judgements grouped by policy, each policy once. */
export function byPolicy(list: readonly Judgement[]): { first: Judgement; all: Judgement[] }[] {
  const groups = Map.groupBy(list, ({ policy }) => policy);
  return [...groups.values()].flatMap((all) => (all[0] === undefined ? [] : [{ first: all[0], all }]));
}

/** `select, update` */
export const commandsOf = (list: readonly Judgement[]): string =>
  [...new Set(list.map(({ command }) => command))].join(', ');

/** Whether a table holds tenants' rows, by its columns or by what its policies say. */
export function holdsTenants(subject: Subject, relation: Relation): boolean {
  return subject.tenantTables.has(relation.id);
}
