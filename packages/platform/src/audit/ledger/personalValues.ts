import type { Finding } from './chainVerifier.ts';
import type { AuditorClient } from './auditorClient.ts';

const field = (value: string): string =>
  `coalesce(octet_length(${value})::text || ':' || ${value}, '-') || E'\\n'`;

/** docs/audit-format.md, "Commitments", of built-in functions alone. */
const salt = `encode(sha256(convert_to(E'bulkhead-salt/1\\n', 'UTF8') || k.secret || convert_to(f.key, 'UTF8')), 'hex')`;
const commitment = `'sha256:' || encode(sha256(convert_to(E'bulkhead-personal/1\\n' || ${[
  salt,
  'e.target_type',
  'e.target_id::text',
  'f.key',
  'f.value::text',
]
  .map(field)
  .join(' || ')}, 'UTF8')), 'hex')`;

/**
 * Values beside a tenant's entries that are not what the entries committed to: whoever searches or exports is shown them, and no
 * hash of the chain covers them. An entry that retention removed has none.
 */
export async function falseValues(client: AuditorClient, chain: string): Promise<Finding[]> {
  const { rows } = await client.query(
    `select e.id::text as id, f.key, min(l.seq) as seq
     from bulkhead.audit_personal k
     join bulkhead.audit_entry e on e.tenant_id = k.tenant_id and e.id = k.entry_id
     left join bulkhead.audit_link l on l.tenant_id = k.tenant_id and l.entry_id = k.entry_id
     cross join lateral (
       select b.key, b.value, e.before ->> b.key as committed from json_each(k.before) b
       union all select a.key, a.value, e.after ->> a.key from json_each(k.after) a
     ) f
     where k.tenant_id = $1 and f.committed is distinct from ${commitment}
     group by e.id, f.key order by seq, e.id, f.key limit 200`,
    [chain],
  );
  return rows.map(({ id, key, seq }) => ({
    kind: 'edited',
    seq: Number(seq ?? 0),
    entryId: String(id),
    detail: `entry ${String(id)}: the value kept for its ${String(key)} is not the one it was sealed with`,
  }));
}
