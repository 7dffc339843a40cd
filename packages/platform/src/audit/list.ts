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
  /** Milliseconds after which a page that is not full looks no further; default 10. The look at that moment is finished. */
  patience?: number;
  /** Milliseconds, from any beginning. */
  clock?: () => number;
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

type FoundRow = StoredEntry & { matches: boolean; place: number };
type Look = { rows: StoredEntry[]; end: { id: string; occurredAt: string } | undefined };

/** Entries of the first look; each further one takes twice as many. */
const firstLook = 250;

/**
 * The tenant's audit entries, the newest first. No index serves every filter, since each one more is paid by every
 * audited write; so a page looks at a bounded number of entries, fewer where they have to come from disk, and says how
 * far it came.
 *
 * @throws PlatformError cursor_invalid; input_invalid when the limit is out of range
 */
export async function listEntries(
  { session, tenant, cursorKey, reach, patience = 10, clock = () => performance.now() }: EntryList,
  { limit = 50, cursor, ...filter }: EntryFilter & EntryPage = {},
): Promise<FoundEntries> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) {
    throw new PlatformError('input_invalid', { message: 'A page has 1 to 200 entries.', field: 'limit' });
  }
  const scope = JSON.stringify(['audit', tenant, filterJson(filter)]);
  let before = cursor === undefined ? undefined : openCursor(cursorKey, { scope, cursor });
  const within = reach ?? (filter.text === undefined ? 3000 : 1500);
  const found: StoredEntry[] = [];
  const begun = clock();
  let end: Look['end'];
  for (let [looked, step] = [0, firstLook]; looked < within; [looked, step] = [looked + step, step * 2]) {
    const most = Math.min(step, within - looked);
    const look = await lookAt(session, { filter, before, most, wanted: limit + 1 - found.length });
    found.push(...look.rows);
    ({ end } = look);
    if (end === undefined || found.length > limit || clock() - begun > patience) break;
    before = end.id;
  }
  const entries = found.slice(0, limit).map(revealEntry);
  const seal = (position: string): string => sealCursor(cursorKey, { scope, position });
  const last = entries.at(-1);
  if (found.length > limit && last !== undefined) {
    return { entries, nextCursor: seal(last.id), searchedTo: null };
  }
  return {
    entries,
    nextCursor: end === undefined ? null : seal(end.id),
    searchedTo: end?.occurredAt ?? null,
  };
}

/** Looks at `most` entries. @returns those of the filter, and the last one looked at when there may be more behind it */
async function lookAt(
  session: TenantSession,
  options: { filter: EntryFilter; before: string | undefined; most: number; wanted: number },
): Promise<Look> {
  const { filter, before, most, wanted } = options;
  const sql = behind(filterSql(filter), before);
  if (sql.matched.length === 0) {
    const { rows } = await session.query<StoredEntry>(plainSql(sql), [...sql.values, wanted]);
    return { rows, end: undefined };
  }
  const { rows } = await session.query<FoundRow>(matchingSql(sql, most), [...sql.values, wanted]);
  const last = rows.find(({ place }) => place === most);
  return { rows: rows.filter(({ matches }) => matches), end: last };
}

function behind(sql: FilterSql, before: string | undefined): FilterSql {
  if (before === undefined) return sql;
  return { ...sql, placed: [...sql.placed, `e.id < $${sql.values.push(before)}::bigint`] };
}

// Ids are in the order of writing and an index leads from tenant to id, so a page is read straight off the table and only
// its own entries get a diff; the view bulkhead.audit_log would compute one for every entry before the limit applies.
const plainSql = ({ placed, values }: FilterSql): string =>
  `select ${entryColumns} from (
    select e.* from bulkhead.audit_entry e ${whereSql(placed)} order by e.id desc limit $${values.length + 1}::int
  ) p order by p.id desc`;

/** Those that match, and the last one looked at: what is behind it is looked at by the next. */
const matchingSql = ({ placed, matched, values }: FilterSql, most: number): string =>
  `select ${entryColumns}, p.matches, p.place::int as place from (
    select * from (
      select l.*, row_number() over newest as place, lead(l.id) over newest is null as last
      from (
        select e.*, coalesce(${matched.join(' and ')}, false) as matches
        from bulkhead.audit_entry e ${whereSql(placed)} order by e.id desc limit ${most}
      ) l
      window newest as (order by l.id desc)
    ) m
    where m.matches or m.last order by m.id desc limit $${values.length + 1}::int + 1
  ) p order by p.id desc`;
