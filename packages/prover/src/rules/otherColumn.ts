import type { Part } from '../parse/confine.ts';
import type { Identity } from '../parse/identity.ts';
import { carrierText } from '../model/infer.ts';
import { confinePolicy } from './fixes.ts';
import { byPolicy, commandsOf, judgements } from './judge.ts';
import { policyObject, type Rule, type Subject } from './rule.ts';

const keyOf = (identity: Identity): string => carrierText(identity);

/** What the tenant columns of all tables are compared with. */
function tenantIdentities({ facts, tenantTables }: Subject): Set<string> {
  const keys = new Set<string>();
  for (const [id, { column }] of tenantTables) {
    for (const { using, check } of facts.policies.get(id) ?? []) {
      for (const { confinements } of [...(using?.parts ?? []), ...(check?.parts ?? [])]) {
        for (const each of confinements)
          if (each.column === column && each.identity !== null) keys.add(keyOf(each.identity));
      }
    }
  }
  return keys;
}

export const otherColumn: Rule = {
  id: 'BH078',
  severity: 'medium',
  title: 'A policy compares another column with something that names no tenant',
  explanation:
    'One policy compares the tenant column with who the session is; another, an alternative to it, compares some other column with a setting or claim that no table’s tenant column is compared with. Rows of every tenant pass it that have the value which the session chose.',
  remedy: 'Make the policy restrictive, or add the tenant’s condition to it.',
  cites: ['T-4', 'T-19'],
  check: (subject) => {
    const known = tenantIdentities(subject);
    const strays = (part: Part, column: string): boolean =>
      part.lets === 'confined' &&
      part.confinements.length > 0 &&
      part.confinements.every(
        (each) =>
          each.via === 'direct' &&
          each.column !== column &&
          each.identity !== null &&
          !known.has(keyOf(each.identity)),
      );
    return byPolicy(
      judgements(subject).filter(({ relation, clause }) => {
        const column = subject.tenantTables.get(relation.id)?.column;
        return column !== undefined && clause.parts.some((part) => strays(part, column));
      }),
    ).map(({ first, all }) => ({
      object: policyObject(first.relation, first.policy),
      message: `For ${commandsOf(all)} it does not ask for the tenant: ${first.clause.text}`,
      fix: confinePolicy(subject, first.relation, first.policy),
    }));
  },
};
