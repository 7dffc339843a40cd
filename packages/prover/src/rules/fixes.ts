import type { Policy, Relation } from '../catalog/types.ts';
import type { IdentityCarrier } from '../model/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import type { Subject } from './rule.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** SQL for who the session is, evaluated once a statement, in a column's type. */
function identitySql(carrier: IdentityCarrier, type: string, preset: Subject['model']['preset']): string {
  const cast = type === 'text' ? '' : `::${type}`;
  switch (carrier.kind) {
    case 'setting':
      return `(select nullif(current_setting(${literal(carrier.name)}, true), '')${cast})`;
    case 'claim':
      if (preset === 'supabase' && carrier.path.join('.') === 'sub' && type === 'uuid')
        return '(select auth.uid())';
      return `(select (nullif(current_setting(${literal(carrier.setting)}, true), '')::jsonb #>> ${literal(`{${carrier.path.join(',')}}`)})${cast})`;
    case 'role':
      return 'current_user';
    case 'sealed':
      return '(select bulkhead.tenant_id())';
  }
}

/** Who says whose the table's rows are: what its own policies read, else what most policies do. */
function carrierOf({ facts, model }: Subject, relation: Relation): IdentityCarrier | undefined {
  const clauses = (facts.policies.get(relation.id) ?? []).flatMap(({ using, check }) => [using, check]);
  const own = clauses
    .flatMap((clause) => clause?.parts ?? [])
    .flatMap(({ confinements }) => confinements)
    .find(({ via, identity }) => via === 'direct' && identity !== null)?.identity;
  return own ?? model.carriers[0];
}

const isTrusted = (carrier: IdentityCarrier): boolean =>
  !(carrier.kind === 'claim' && carrier.path.includes('user_metadata')) && !('session' in carrier);

/** The condition that confines a table's rows to the session's tenant, or null when the model does not tell. */
export function tenantCondition(subject: Subject, relation: Relation): string | null {
  const table = subject.tenantTables.get(relation.id);
  const carrier = carrierOf(subject, relation);
  const column = relation.columns.find(({ name }) => name === table?.column);
  if (carrier === undefined || column === undefined || table?.via.kind !== 'direct' || !isTrusted(carrier))
    return null;
  return `${quoted(column.name)} = ${identitySql(carrier, column.baseType, subject.model.preset)}`;
}

/** Gives a policy the tenant's condition on the clauses that its command has. */
export function confinePolicy(subject: Subject, relation: Relation, policy: Policy): string | null {
  const condition = tenantCondition(subject, relation);
  if (condition === null) return null;
  const using = policy.command === 'insert' ? '' : ` using (${condition})`;
  const check = ['insert', 'update', 'all'].includes(policy.command) ? ` with check (${condition})` : '';
  return `alter policy ${quoted(policy.name)} on ${nameOf(relation)}${using}${check};`;
}

/** Switches row-level security on, with a policy where the model tells which. */
export function protectTable(subject: Subject, relation: Relation): string {
  const lines = [
    `alter table ${nameOf(relation)} enable row level security;`,
    `alter table ${nameOf(relation)} force row level security;`,
  ];
  const condition = tenantCondition(subject, relation);
  if (condition !== null && relation.policies.length === 0) {
    lines.push(`create policy tenant on ${nameOf(relation)} using (${condition}) with check (${condition});`);
  }
  return lines.join('\n');
}
