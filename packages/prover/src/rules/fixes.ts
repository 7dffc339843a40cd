import type { Policy, Relation } from '../catalog/types.ts';
import type { IdentityCarrier } from '../model/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import type { Subject } from './rule.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** SQL for who the session is, evaluated once a statement. */
function identitySql(carrier: IdentityCarrier, preset: Subject['model']['preset']): string {
  switch (carrier.kind) {
    case 'setting':
      return `(select nullif(current_setting(${literal(carrier.name)}, true), '')${carrier.cast === 'text' ? '' : `::${carrier.cast}`})`;
    case 'claim':
      if (preset === 'supabase' && carrier.path.join('.') === 'sub') return '(select auth.uid())';
      return `(select (nullif(current_setting(${literal(carrier.setting)}, true), '')::jsonb #>> ${literal(`{${carrier.path.join(',')}}`)})::${carrier.cast})`;
    case 'role':
      return 'current_user';
    case 'sealed':
      return '(select bulkhead.tenant_id())';
  }
}

/** The condition that confines a table's rows to the session's tenant, or null when the model does not tell. */
export function tenantCondition(subject: Subject, relation: Relation): string | null {
  const table = subject.tenantTables.get(relation.id);
  const [carrier] = subject.model.carriers;
  if (table === undefined || carrier === undefined || table.via.kind !== 'direct') return null;
  return `${quoted(table.column)} = ${identitySql(carrier, subject.model.preset)}`;
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
