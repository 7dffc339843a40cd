import { exportEntries, listEntries, type EntryFilter } from '../packages/platform/src/audit/index.ts';
import { contextOf, sequence, tenantId, type BenchDatabase } from './database.ts';

const tenants = 100;
const cursorKey = Buffer.alloc(32, 1);

/** A year of entries, in order of time as they would have come; a few tenants write most of them. */
const fill = (entries: number): string => `
  set session_replication_role = replica;
  insert into bulkhead.audit_entry (id, occurred_at, tenant_id, actor_kind, actor_id, action, target_type, target_id, request_id, ip,
    user_agent, before, after)
  overriding system value
  select g.id, date_trunc('day', now()) - interval '365 days' + g.id * (interval '365 days' / ${entries}),
    ('00000000-0000-4000-8000-' || lpad(to_hex(r.tenant), 12, '0'))::uuid, 'account',
    ('00000000-0000-4000-a000-' || lpad(to_hex(r.tenant * 100 + (g.id % 40)), 12, '0'))::uuid,
    case when g.id % 1000 = 0 then 'restore' when g.id % 50 = 0 then 'soft_delete' when g.id % 3 = 0 then 'update' else 'insert' end,
    (array['books.invoice', 'books.invoice_line', 'books.posting', 'books.journal_entry', 'books.customer'])[1 + g.id % 5],
    ('00000000-0000-4000-9000-' || lpad(to_hex(g.id / 4), 12, '0'))::uuid, 'request-' || g.id / 3, '203.0.113.7',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0)',
    case when g.id % 3 = 0 then json_build_object('id', g.id, 'name', 'customer ' || g.id, 'amount', g.id % 977) end,
    json_build_object('id', g.id, 'name', 'customer ' || g.id, 'amount', g.id % 991, 'note', 'paid by transfer')
  from generate_series(1, ${entries}::bigint) g (id)
  cross join lateral (select floor(${tenants} * power(abs(hashint8(g.id)::float8) / 2147483648.0, 2))::int as tenant) r;
  select setval('bulkhead.audit_entry_id_seq', ${entries});
  set session_replication_role = origin;`;

/** Partitions of the year, and the entries in them. */
export async function fillYear(database: BenchDatabase, entries: number): Promise<void> {
  await database.asOwner(
    `select bulkhead.create_audit_partition((now() - make_interval(months => m))::date) from generate_series(1, 13) m`,
  );
  await database.asSuperuser(fill(entries));
  await database.asSuperuser('vacuum (analyze, freeze) bulkhead.audit_entry');
}

/** What people ask an audit log: common and rare things, in a day, before a day, since a day. */
function question(next: (limit: number) => number, entries: number): EntryFilter {
  const day = 86_400_000;
  const at = new Date(Date.now() - next(360) * day);
  const tenant = 0;
  const filters: EntryFilter[] = [
    { action: 'soft_delete' },
    { action: 'restore', targetType: 'books.invoice' },
    { actorId: `00000000-0000-4000-a000-${(tenant * 100 + next(40)).toString(16).padStart(12, '0')}` },
    { from: at, to: new Date(at.getTime() + day), targetType: 'books.customer' },
    { to: at, action: 'update' },
    { from: at, action: 'insert' },
    {
      targetId: `00000000-0000-4000-9000-${next(entries / 4)
        .toString(16)
        .padStart(12, '0')}`,
    },
    { to: at, requestId: 'request-of-nobody' },
  ];
  return filters[next(filters.length)] ?? {};
}

/** Milliseconds of a filtered page: median, 95th percentile, and of a search of the text. */
export async function searching(
  database: BenchDatabase,
  { entries, pages }: { entries: number; pages: number },
) {
  const pool = database.tenantPool(1);
  const next = sequence(17);
  const ask = async (filter: EntryFilter): Promise<number> => {
    // The largest tenants, where a search has most to look at.
    const tenant = next(5);
    const start = performance.now();
    await listEntries({ session: pool.as(contextOf(tenant)), tenant: tenantId(tenant), cursorKey }, filter);
    return performance.now() - start;
  };
  const times: number[] = [];
  for (let page = 0; page < pages; page += 1) times.push(await ask(question(next, entries)));
  const texts: number[] = [];
  for (let page = 0; page < pages / 5; page += 1) texts.push(await ask({ text: `nobody ${page}` }));
  return {
    search_ms_10m: percentile(times, 0.95),
    search_p50_ms_10m: percentile(times, 0.5),
    search_max_ms_10m: percentile(times, 1),
    search_text_ms_10m: percentile(texts, 0.95),
    search_entries: entries,
  };
}

function percentile(times: number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
}

/** Megabytes a second of one tenant's export, and what the process's memory grew by. */
export async function exporting(database: BenchDatabase, most: number) {
  const pool = database.tenantPool(1);
  const rates: Record<string, number> = {};
  let [peak, written] = [0, 0];
  const before = process.memoryUsage().rss;
  for (const format of ['jsonl', 'csv'] as const) {
    const start = performance.now();
    let bytes = 0;
    let count = 0;
    for await (const piece of await exportEntries(pool.as(contextOf(0)), { format })) {
      bytes += Buffer.byteLength(piece);
      count += 1000;
      peak = Math.max(peak, process.memoryUsage().rss);
      if (count > most) break;
    }
    rates[format] = bytes / 1e6 / ((performance.now() - start) / 1000);
    written += bytes;
  }
  return {
    export_mb_s: Math.round(rates['jsonl'] ?? 0),
    export_csv_mb_s: Math.round(rates['csv'] ?? 0),
    export_mb: Math.round(written / 1e6),
    export_memory_mb: Math.round((peak - before) / 1e6),
  };
}
