import { PlatformError } from '../errors.ts';
import type { TenantSession } from '../tenantSession.ts';
import { openCursor, sealCursor } from './cursor.ts';

export type EntryFilter = {
  /** Inclusive. */
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
  actorId?: string | undefined;
  /** insert, update, soft_delete, restore, delete, or an event as noun.verb. */
  action?: string | undefined;
  /** `schema.table`, or an event's own noun. */
  targetType?: string | undefined;
  targetId?: string | undefined;
  companyId?: string | undefined;
};

export type EntryPage = {
  /** Entries on a page: 1 to 200, default 50. */
  limit?: number | undefined;
  /** `nextCursor` of the page before, under the same filter. */
  cursor?: string | undefined;
};

type Fields = Record<string, unknown>;

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
  diff: Record<string, { before: unknown; after: unknown }> | null;
  detail: Fields | null;
};

export type EntryList = {
  session: TenantSession;
  /** The session's tenant. */
  tenant: string;
  /** 32 bytes, the same on every server. */
  cursorKey: Uint8Array;
};

/**
 * The tenant's audit entries, the newest first.
 *
 * @throws PlatformError cursor_invalid; input_invalid when the limit is out of range
 */
export async function listEntries(
  { session, tenant, cursorKey }: EntryList,
  { limit = 50, cursor, ...filter }: EntryFilter & EntryPage = {},
): Promise<{ entries: Entry[]; nextCursor: string | null }> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw new PlatformError('input_invalid', { message: 'A page has 1 to 200 entries.', field: 'limit' });
  }
  const values = filterValues(filter);
  const scope = JSON.stringify(['audit', tenant, ...values]);
  const before = cursor === undefined ? null : openCursor(cursorKey, { scope, cursor });
  const { rows } = await session.query<Entry>(statement, [...values, before, limit + 1]);
  const entries = rows.slice(0, limit);
  const last = entries.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { entries, nextCursor: more ? sealCursor(cursorKey, { scope, position: last.id }) : null };
}

function filterValues(filter: EntryFilter): (string | null)[] {
  return [
    filter.from?.toISOString() ?? null,
    filter.to?.toISOString() ?? null,
    filter.actorId ?? null,
    filter.action ?? null,
    filter.targetType ?? null,
    filter.targetId ?? null,
    filter.companyId ?? null,
  ];
}

// Ids are in the order of writing and an index leads from tenant to id, so a page is read straight off the table and only
// its own entries get a diff; the view bulkhead.audit_log would compute one for every entry before the limit applies.
const statement = `
  select p.id::text as id,
    to_char(p.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt",
    p.company_id as "companyId", p.actor_kind as "actorKind", p.actor_id as "actorId",
    p.on_behalf_of as "onBehalfOf", p.action, p.target_type as "targetType", p.target_id as "targetId",
    p.request_id as "requestId", host(p.ip) as ip, p.user_agent as "userAgent", p.before, p.after, p.detail,
    case when p.before is not null and p.after is not null then bulkhead.audit_diff(p.before, p.after) end as diff
  from (
    select e.* from bulkhead.audit_entry e
    where ($1::timestamptz is null or e.occurred_at >= $1)
      and ($2::timestamptz is null or e.occurred_at < $2)
      and ($3::uuid is null or e.actor_id = $3)
      and ($4::text is null or e.action = $4)
      and ($5::text is null or e.target_type = $5)
      and ($6::uuid is null or e.target_id = $6)
      and ($7::uuid is null or e.company_id = $7)
      and ($8::bigint is null or e.id < $8)
    order by e.id desc
    limit $9
  ) p
  order by p.id desc`;
