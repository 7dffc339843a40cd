import { csvLine } from '../content/index.ts';
import type { TenantSession } from '../tenantSession.ts';
import { entryColumns, revealEntry, type StoredEntry } from './entry.ts';
import { filterJson, filterSql, whereSql, type EntryFilter } from './filter.ts';

export type ExportFormat = 'csv' | 'jsonl';

export type ExportOptions = {
  format: ExportFormat;
  filter?: EntryFilter;
  /** Entries read at once, 1 to 5,000; default 1,000. What is in memory is one such page. */
  page?: number;
};

const columns = [
  'id',
  'occurredAt',
  'companyId',
  'actorKind',
  'actorId',
  'onBehalfOf',
  'action',
  'targetType',
  'targetId',
  'requestId',
  'ip',
  'userAgent',
  'before',
  'after',
  'detail',
  'erased',
] as const;

/**
 * Says in the audit log that an export begins, and answers with its text in pieces, the oldest entry first. Nothing is read before
 * it is asked for, and a reader that leaves ends it; how many entries went out is said at the end, also when it was cut off.
 *
 * `csv`: a heading and a line for each entry, personal values as they are now. `jsonl`: a header, then for each entry the exact
 * bytes that are hashed (docs/audit-format.md), its place and leaf once it is sealed, and what its commitments stand for.
 */
export async function exportEntries(
  session: TenantSession,
  options: ExportOptions,
): Promise<AsyncGenerator<string, void>> {
  const { format, filter = {} } = options;
  // What somebody searched for may be a person's name, and what an entry says in plain words is never erased.
  const { text, ...rest } = filter;
  const detail = {
    format,
    filter: { ...filterJson(rest), ...(text !== undefined && { text: '(not recorded)' }) },
  };
  await record(session, 'audit.export', detail);
  return readExport(session, options, (entries, complete) =>
    record(session, 'audit.export_end', { ...detail, entries, complete }),
  );
}

async function* readExport(
  session: TenantSession,
  { format, filter = {}, page = 1000 }: ExportOptions,
  ended: (entries: number, complete: boolean) => Promise<void>,
): AsyncGenerator<string, void> {
  let [entries, complete] = [0, false];
  try {
    yield format === 'csv'
      ? csvLine(columns)
      : `${JSON.stringify({ format: 'bulkhead-audit-entries/1', filter: filterJson(filter) })}\n`;
    const read = format === 'csv' ? csvPage : linesPage;
    let after: string | undefined = '0';
    while (after !== undefined) {
      const found: Page = await read(session, pageSql(filter, { format, after, page }));
      entries += found.count;
      if (found.count > 0) yield found.text;
      after = found.count < page ? undefined : found.last;
    }
    complete = true;
  } finally {
    await ended(entries, complete);
  }
}

type Statement = { text: string; values: unknown[] };
type Page = { text: string; count: number; last: string | undefined };

function pageSql(
  filter: EntryFilter,
  { format, after, page }: { format: ExportFormat; after: string; page: number },
): Statement {
  const { placed, matched, values } = filterSql(filter);
  const since = `e.id > $${values.push(after)}::bigint`;
  const found = `select e.* from bulkhead.audit_entry e ${whereSql([...placed, ...matched, since])}
    order by e.id limit $${values.push(page)}::int`;
  const text =
    format === 'csv'
      ? `select ${entryColumns} from (${found}) p order by p.id`
      : `select p.id::text as id, ${lineSql} as line from (${found}) p
         left join bulkhead.audit_link l on l.tenant_id = p.tenant_id and l.entry_id = p.id
         left join bulkhead.audit_link b on b.tenant_id = l.tenant_id and b.seq = l.seq - 1
         order by p.id`;
  return { text, values };
}

/** Base64 as Postgres writes it has line breaks. */
const base64 = (bytes: string): string => `translate(encode(${bytes}, 'base64'), E'\\n', '')`;

const lineSql = `'{"id":"' || p.id || '"' || coalesce(',"seq":' || l.seq || ',"leaf":"' || ${base64('l.leaf')} || '"', '')
  || coalesce(',"previous":"' || ${base64('b.leaf')} || '"', '')
  || ',"entry":"' || ${base64('bulkhead.audit_entry_bytes((p.*)::bulkhead.audit_entry)')} || '"'
  || coalesce(',"personal":' || (
    select json_agg(json_build_object('subject', k.subject_id, 'before', k.before, 'after', k.after, 'salts', (
      select json_object_agg(f.name, encode(bulkhead.audit_salt(k.secret, f.name), 'hex'))
      from (select json_object_keys(k.before) union select json_object_keys(k.after)) f (name))))
    from bulkhead.audit_personal k where k.tenant_id = p.tenant_id and k.entry_id = p.id)::text, '')
  || E'}\\n'`;

async function linesPage(session: TenantSession, { text, values }: Statement): Promise<Page> {
  const { rows } = await session.query<{ id: string; line: string }>(text, values);
  return { text: rows.map(({ line }) => line).join(''), count: rows.length, last: rows.at(-1)?.id };
}

async function csvPage(session: TenantSession, { text, values }: Statement): Promise<Page> {
  const { rows } = await session.query<StoredEntry>(text, values);
  const lines = rows.map((row) => {
    const entry = revealEntry(row);
    return csvLine(columns.map((column) => cellText(entry[column])));
  });
  return { text: lines.join(''), count: rows.length, last: rows.at(-1)?.id };
}

function cellText(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(' ');
  return JSON.stringify(value);
}

async function record(
  session: TenantSession,
  action: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await session.query(`select bulkhead.audit_event($1, 'bulkhead.audit_entry', null, $2)`, [
    action,
    JSON.stringify(detail),
  ]);
}
