import { isDeepStrictEqual } from 'node:util';

type Fields = Record<string, unknown>;
type Diff = Record<string, { before: unknown; after: unknown }>;

export type Entry = {
  id: string;
  /** RFC 3339, UTC, microseconds. */
  occurredAt: string;
  companyId: string | null;
  actorKind: string;
  actorId: string | null;
  onBehalfOf: string | null;
  action: string;
  targetType: string;
  targetId: string | null;
  requestId: string | null;
  ip: string | null;
  userAgent: string | null;
  before: Fields | null;
  after: Fields | null;
  /** The fields that an update changed. */
  diff: Diff | null;
  detail: Fields | null;
  /** Fields whose values were erased; they are null above. */
  erased: string[];
  /** Sensitive fields, whose values stand in no entry; they are null above. */
  withheld: string[];
};

/** As the database has it: commitments in the fields, their values beside. */
export type StoredEntry = Omit<Entry, 'erased' | 'withheld'> & {
  kept: { before: Fields | null; after: Fields | null }[] | null;
};

/** Columns of a {@link StoredEntry}, of the alias `p` of `bulkhead.audit_entry`. */
export const entryColumns = `p.id::text as id,
    to_char(p.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt",
    p.company_id as "companyId", p.actor_kind as "actorKind", p.actor_id as "actorId",
    p.on_behalf_of as "onBehalfOf", p.action, p.target_type as "targetType", p.target_id as "targetId",
    p.request_id as "requestId", host(p.ip) as ip, p.user_agent as "userAgent", p.before, p.after, p.detail,
    case when p.before is not null and p.after is not null then bulkhead.audit_diff(p.before, p.after) end as diff,
    (select json_agg(json_build_object('before', k.before, 'after', k.after))
      from bulkhead.audit_personal k where k.tenant_id = p.tenant_id and k.entry_id = p.id) as kept`;

/** Puts values where commitments stand, null where they are gone. */
export function revealEntry({ kept, ...row }: StoredEntry): Entry {
  const stored = { ...row, diff: row.diff ?? differences(row) };
  const marks = stored.action.includes('.') ? null : stored.detail;
  if (marks === null) return { ...stored, erased: [], withheld: [] };
  const [erasable, withheld] = [names(marks['erasable']), names(marks['withheld'])];
  const values = {
    before: Object.assign({}, ...(kept ?? []).map(({ before }) => before)) as Fields,
    after: Object.assign({}, ...(kept ?? []).map(({ after }) => after)) as Fields,
  };
  const masked = new Set([...erasable, ...withheld]);
  const show = (side: 'before' | 'after', field: string, value: unknown): unknown =>
    masked.has(field) ? (values[side][field] ?? null) : value;
  const reveal = (side: 'before' | 'after'): Fields | null => {
    const fields = stored[side];
    if (fields === null) return null;
    return Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [field, show(side, field, value)]),
    );
  };
  const lost = (field: string, side: 'before' | 'after'): boolean =>
    typeof stored[side]?.[field] === 'string' && !Object.hasOwn(values[side], field);
  return {
    ...stored,
    detail: null,
    before: reveal('before'),
    after: reveal('after'),
    diff: stored.diff === null ? null : revealDiff(stored.diff, show),
    erased: erasable.filter((field) => lost(field, 'before') || lost(field, 'after')),
    withheld,
  };
}

/** The same as bulkhead.audit_diff, for rows with json that jsonb cannot hold; null where nothing differs. */
function differences({ before, after }: Pick<StoredEntry, 'before' | 'after'>): Diff | null {
  if (before === null || after === null) return null;
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => field !== 'updated_at' && !isDeepStrictEqual(before[field], after[field]),
  );
  if (fields.length === 0) return null;
  return Object.fromEntries(
    fields.map((field) => [field, { before: before[field] ?? null, after: after[field] ?? null }]),
  );
}

function revealDiff(
  diff: Diff,
  show: (side: 'before' | 'after', field: string, value: unknown) => unknown,
): Diff {
  const fields = Object.entries(diff).map(([field, { before, after }]): [string, Diff[string]] => [
    field,
    { before: show('before', field, before), after: show('after', field, after) },
  ]);
  return Object.fromEntries(fields);
}

function names(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : [];
}
