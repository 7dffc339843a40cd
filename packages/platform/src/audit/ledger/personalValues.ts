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
 *
 * @param above of entries with ids above this one alone
 */
export async function falseValues(
  client: AuditorClient,
  chain: string,
  above: string | undefined,
): Promise<Finding[]> {
  const { rows } = await client.query(
    `select e.id::text as id, f.key, min(l.seq) as seq
     from bulkhead.audit_personal k
     join bulkhead.audit_entry e on e.tenant_id = k.tenant_id and e.id = k.entry_id
     left join bulkhead.audit_link l on l.tenant_id = k.tenant_id and l.entry_id = k.entry_id
     cross join lateral (
       select b.key, b.value, e.before ->> b.key as committed from json_each(k.before) b
       union all select a.key, a.value, e.after ->> a.key from json_each(k.after) a
     ) f
     where k.tenant_id = $1 and k.entry_id > $2 and f.committed is distinct from ${commitment}
     group by e.id, f.key order by seq, e.id, f.key limit 200`,
    [chain, above ?? 0],
  );
  return rows.map(({ id, key, seq }) => ({
    kind: 'edited',
    seq: Number(seq ?? 0),
    entryId: String(id),
    detail: `entry ${String(id)}: the value kept for its ${String(key)} is not the one it was sealed with`,
  }));
}

/** Whether any of the fields that may be erased holds a commitment in this side of `e`. */
const committed = (side: 'before' | 'after'): string =>
  `exists (select from json_array_elements_text(e.detail -> 'erasable') f (key) where e.${side} ->> f.key is not null)`;

/**
 * Values that are gone from beside a tenant's entries while no entry tells of an erasure that reached them: deleting the row alone
 * is no erasure. An erasure is told by retention's and erasure's own kind of entry, which is sealed and signed as all others are.
 */
export async function lostValues(
  client: AuditorClient,
  chain: string,
  above: string | undefined,
): Promise<Finding[]> {
  const { rows } = await client.query(
    `with sides as (
       select e.id, e.occurred_at, s.side, s.subject
       from bulkhead.audit_entry e
       cross join lateral (
         select 'before' as side, e.before ->> (e.detail ->> 'subject') as subject where ${committed('before')}
         union all select 'after', e.after ->> (e.detail ->> 'subject') where ${committed('after')}
       ) s
       where e.tenant_id = $1 and e.id > $2 and e.detail is not null and e.action in ('insert', 'update', 'delete', 'soft_delete', 'restore')
     )
     select s.id::text as id, min(l.seq) as seq
     from sides s
     left join bulkhead.audit_link l on l.tenant_id = $1 and l.entry_id = s.id
     where s.subject is not null
       and not exists (
         select from bulkhead.audit_personal k
         where k.tenant_id = $1 and k.entry_id = s.id and k.subject_id::text = s.subject
           and case s.side when 'before' then k.before is not null else k.after is not null end)
       and not exists (
         select from bulkhead.audit_entry x
         where x.tenant_id = $1 and x.target_id::text = s.subject and x.action = 'audit.erase' and x.actor_kind = 'job'
           and x.actor_id is null and (x.detail ->> 'through')::timestamptz >= s.occurred_at)
     group by s.id order by seq, s.id limit 200`,
    [chain, above ?? 0],
  );
  return rows.map(({ id, seq }) => ({
    kind: 'deleted',
    seq: Number(seq ?? 0),
    entryId: String(id),
    detail: `the values kept beside entry ${String(id)} are gone, and no entry tells of their erasure`,
  }));
}
