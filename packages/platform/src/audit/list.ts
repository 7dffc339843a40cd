import { PlatformError } from '../errors.ts';
import type { TenantSession } from '../tenantSession.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { entryColumns, revealEntry, type Entry, type StoredEntry } from './entry.ts';
import { filterJson, filterSql, whereSql, type EntryFilter, type FilterSql } from './filter.ts';

export type EntryPage = {
  /** Entries on a page: 1 to 200, default 50. */
  limit?: number | undefined;
  /** `nextCursor` of the page before, under the same filter. */
  cursor?: string | undefined;
};

export type EntryList = {
  session: TenantSession;
  /** The session's tenant. */
  tenant: string;
  /** 32 bytes, the same on every server. */
  cursorKey: Uint8Array;
  /** Entries that one page looks at, at most; default 3,000, and 1,500 for a search of their text. */
  reach?: number;
};

export type FoundEntries = {
  entries: Entry[];
  nextCursor: string | null;
  /**
   * Where a page ended before it was full: every entry since this time was looked at, and `nextCursor` looks further
   * back. Null when the page is full, or there is nothing further back.
   */
  searchedTo: string | null;
};

/**
 * The tenant's audit entries, the newest first. No index serves every filter, since each one more is paid by every
 * audited write; so a page looks at a bounded number of entries and says how far it came.
 *
 * @throws PlatformError cursor_invalid; input_invalid when the limit is out of range
 */
export async function listEntries(
  { session, tenant, cursorKey, reach }: EntryList,
  { limit = 50, cursor, ...filter }: EntryFilter & EntryPage = {},
): Promise<FoundEntries> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw new PlatformError('input_invalid', { message: 'A page has 1 to 200 entries.', field: 'limit' });
  }
  const scope = JSON.stringify(['audit', tenant, filterJson(filter)]);
  const before = cursor === undefined ? undefined : openCursor(cursorKey, { scope, cursor });
  const sql = behind(filterSql(filter), before);
  const within = reach ?? (filter.text === undefined ? 3000 : 1500);
  const { rows } = await session.query<StoredEntry>(pageSql(sql, within), [...sql.values, limit + 1]);
  const entries = rows.slice(0, limit).map(revealEntry);
  const seal = (position: string): string => sealCursor(cursorKey, { scope, position });
  const last = entries.at(-1);
  if (rows.length > limit && last !== undefined) {
    return { entries, nextCursor: seal(last.id), searchedTo: null };
  }
  const { from, to, targetId } = filter;
  const end =
    sql.matched.length === 0
      ? undefined
      : await endOfReach(session, behind(filterSql({ from, to, targetId }), before), within);
  return {
    entries,
    nextCursor: end === undefined ? null : seal(end.id),
    searchedTo: end?.occurredAt ?? null,
  };
}

function behind(sql: FilterSql, before: string | undefined): FilterSql {
  if (before === undefined) return sql;
  return { ...sql, placed: [...sql.placed, `e.id < $${sql.values.push(before)}::bigint`] };
}

// Ids are in the order of writing and an index leads from tenant to id, so a page is read straight off the table and only
// its own entries get a diff; the view bulkhead.audit_log would compute one for every entry before the limit applies.
function pageSql({ placed, matched, values }: FilterSql, within: number): string {
  const limit = `$${values.length + 1}::int`;
  const found =
    matched.length === 0
      ? `select e.* from bulkhead.audit_entry e ${whereSql(placed)} order by e.id desc limit ${limit}`
      : `select e.* from (
          select e.* from bulkhead.audit_entry e ${whereSql(placed)} order by e.id desc limit ${within}
        ) e ${whereSql(matched)} order by e.id desc limit ${limit}`;
  return `select ${entryColumns} from (${found}) p order by p.id desc`;
}

/** The last entry that a page looked at, when there are more behind it. */
async function endOfReach(
  session: TenantSession,
  { placed, values }: FilterSql,
  within: number,
): Promise<{ id: string; occurredAt: string } | undefined> {
  const { rows } = await session.query<{ id: string; occurredAt: string }>(
    `select e.id::text as id, to_char(e.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "occurredAt"
     from bulkhead.audit_entry e ${whereSql(placed)}
     order by e.id desc offset ${within - 1} limit 1`,
    values,
  );
  return rows[0];
}
