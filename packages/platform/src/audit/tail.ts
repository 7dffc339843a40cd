import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantSession } from '../tenantSession.ts';
import { openCursor, sealCursor } from './cursor.ts';
import { entryColumns, revealEntry, type Entry, type StoredEntry } from './entry.ts';
import { filterJson, filterSql, whereSql, type EntryFilter } from './filter.ts';

/**
 * Where a reader of new entries stands. Ids are given in the order of writing, which is not the order of committing, so
 * "above the last id" would miss whoever commits late: what is new is what the snapshot did not see.
 */
type Position = {
  /** pg_snapshot as text: `xmin:xmax:running`. */
  snapshot: string;
  /** Transactions that the snapshot does not see have no ids up to this one. */
  floor: bigint;
  /** Later floors, each for transactions numbered from `xmax` on. */
  marks: { xmax: bigint; id: bigint }[];
};

export type TailBatch = {
  entries: Entry[];
  /** There were more than a screen holds: reload the list instead. */
  skipped: boolean;
  /** Resumes after this batch; bound to tenant and filter. */
  cursor: string;
};

export type Tail = {
  session: TenantSession;
  /** The session's tenant. */
  tenant: string;
  /** 32 bytes, the same on every server. */
  cursorKey: Uint8Array;
  /** Waits between two looks, or until the signal; default: a timer. */
  wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
};

export type TailOptions = {
  filter?: EntryFilter;
  /** `cursor` of the batch that was last seen; absent: from now on. */
  resume?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Looks before the stream ends and the client resumes, so that whoever lost the right to read is asked anew; default 30. */
  looks?: number;
};

/** Milliseconds between two looks. */
const interval = 1000;
const most = 200;

/**
 * New entries as they are committed, each once, within about a second. The first batch is empty and tells where it begins; one
 * follows whenever there is something new.
 *
 * @throws PlatformError cursor_invalid
 */
export async function* tailEntries(tail: Tail, options: TailOptions = {}): AsyncGenerator<TailBatch, void> {
  const { session, tenant, cursorKey, wait = waitFor } = tail;
  const { filter = {}, resume, signal, looks = 30 } = options;
  const scope = JSON.stringify(['audit tail', tenant, filterJson(filter)]);
  const seal = ({ snapshot, floor }: Position): string =>
    sealCursor(cursorKey, { scope, position: `${floor} ${snapshot}` });
  let position =
    resume === undefined
      ? await present(session)
      : readPosition(openCursor(cursorKey, { scope, cursor: resume }));
  yield { entries: [], skipped: false, cursor: seal(position) };
  for (let look = 0; look < looks; look += 1) {
    if (look > 0 || resume === undefined) await wait(interval, signal);
    if (signal?.aborted === true) return;
    const found = await newEntries(session, { filter, position });
    position = found.position;
    if (found.entries.length > 0) yield { ...withinScreen(found.entries), cursor: seal(position) };
  }
}

function withinScreen(entries: Entry[]): Pick<TailBatch, 'entries' | 'skipped'> {
  return { entries: entries.slice(-most), skipped: entries.length > most };
}

async function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}

function readPosition(text: string): Position {
  const [floor = '0', snapshot = ''] = text.split(' ');
  return { snapshot, floor: BigInt(floor), marks: [] };
}

const topSql = '(select e.id from bulkhead.audit_entry e order by e.id desc limit 1)';

async function present(session: TenantSession): Promise<Position> {
  const { rows } = await session.query<{ snapshot: string; top: string | null }>(
    `select pg_current_snapshot()::text as snapshot, ${topSql}::text as top`,
  );
  const { snapshot = '', top = null } = rows[0] ?? {};
  return advance({ snapshot, floor: 0n, marks: [] }, snapshot, BigInt(top ?? 0));
}

type Look = { snapshot: string; top: string | null } & ({ id: null } | StoredEntry);

async function newEntries(
  session: TenantSession,
  { filter, position }: { filter: EntryFilter; position: Position },
): Promise<{ entries: Entry[]; position: Position }> {
  const { placed, matched, values } = filterSql(filter, [position.snapshot, String(position.floor)]);
  const fresh = ['e.id > $2::bigint', 'not pg_visible_in_snapshot(e.transaction_id, $1::pg_snapshot)'];
  // One statement, so that what it calls the present is what it looked at.
  const { rows } = await session.query<Look>(
    `select s.snapshot, s.top, p.* from (select pg_current_snapshot()::text as snapshot, ${topSql}::text as top) s
     left join lateral (
       select ${entryColumns} from (
         select e.* from bulkhead.audit_entry e ${whereSql([...fresh, ...placed, ...matched])}
         order by e.id desc limit ${most + 1}
       ) p
     ) p on true order by p.id::bigint`,
    values,
  );
  const [first] = rows;
  if (first === undefined) return { entries: [], position };
  const entries = rows.flatMap(({ snapshot, top, ...entry }) =>
    entry.id === null ? [] : [revealEntry(entry)],
  );
  return { entries, position: advance(position, first.snapshot, BigInt(first.top ?? 0)) };
}

/** Whoever is numbered from a snapshot's xmax on took its ids after every entry that this snapshot shows. */
function advance({ floor, marks }: Position, snapshot: string, top: bigint): Position {
  const [xmin = '0', xmax = '0'] = snapshot.split(':');
  const oldest = BigInt(xmin);
  const all = [...marks, { xmax: BigInt(xmax), id: top }];
  const reached = all
    .filter((mark) => mark.xmax <= oldest)
    .reduce((high, { id }) => (id > high ? id : high), floor);
  // A mark that is dropped only makes the next look read a little more.
  return { snapshot, floor: reached, marks: all.filter((mark) => mark.xmax > oldest).slice(0, 60) };
}
