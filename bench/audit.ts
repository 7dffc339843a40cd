import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import {
  auditIdentity,
  chainsToCheckpoint,
  checkpointChain,
  originOf,
  seal,
  sealAll,
  verifyDatabase,
  verifyExport,
  writeExport,
  type AuditIdentity,
} from '../packages/platform/src/audit/ledger/index.ts';
import { exporting, fillYear, searching } from './auditSearch.ts';
import { auditWrites } from './auditWrites.ts';
import { rounded } from './compare.ts';
import {
  columns,
  contextOf,
  openBenchDatabase,
  request,
  sequence,
  tenantId,
  type BenchDatabase,
} from './database.ts';
import type { Benchmark } from './benchmark.ts';

const tenants = 20;

const table = `
  create schema bench; grant usage on schema bench to bulkhead_app;
  create table bench.item (
    ${columns},
    name text not null,
    amount numeric(12, 2) not null,
    note text,
    constraint item_pkey primary key (tenant_id, id)
  );
  select bulkhead.protect_table('bench.item');`;

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** Entries as the triggers write them, 1,000 a statement, of all tenants in turns. */
async function write(database: BenchDatabase, entries: number): Promise<void> {
  const pool = database.tenantPool(2);
  for (let n = 0; n < entries / 1000; n += 1) {
    await pool.as(contextOf(n % tenants), request).query(
      `insert into bench.item (name, amount, note)
       select 'customer ' || g, g + 0.5, 'paid by transfer' from generate_series(1, 1000) g`,
    );
  }
}

async function sealing(worker: pg.Pool, entries: number): Promise<number> {
  const start = performance.now();
  const sealed = await sealAll(worker);
  if (sealed !== entries) throw new Error(`${sealed} of ${entries} entries were sealed`);
  return sealed / seconds(start);
}

/** Notes, for every entry, how long after its moment its link could be seen. */
async function observe(watcher: pg.Pool, lags: number[], running: () => boolean): Promise<void> {
  let seen = new Map<string, number>();
  const sizes = async () =>
    new Map(
      (
        await watcher.query<{ tenant_id: string; size: string }>(
          'select tenant_id, size from bulkhead.audit_chain',
        )
      ).rows.map((row) => [row.tenant_id, Number(row.size)] as const),
    );
  seen = await sizes();
  while (running()) {
    const now = await sizes();
    const news = [...now].filter(([tenant, size]) => size > (seen.get(tenant) ?? 0));
    if (news.length > 0) {
      const { rows } = await watcher.query<{ ms: number }>(
        `select extract(epoch from clock_timestamp() - l.occurred_at)::float8 * 1000 as ms
         from unnest($1::uuid[], $2::bigint[], $3::bigint[]) n (tenant, first, last)
         join bulkhead.audit_link l on l.tenant_id = n.tenant and l.seq >= n.first and l.seq < n.last`,
        [
          news.map(([tenant]) => tenant),
          news.map(([tenant]) => seen.get(tenant) ?? 0),
          news.map(([, size]) => size),
        ],
      );
      for (const { ms } of rows) lags.push(ms);
    }
    seen = now;
    await wait(20);
  }
}

/** Milliseconds from an entry's moment to its link being visible, while `rate` single rows a second are written. */
async function lag(
  database: BenchDatabase,
  worker: pg.Pool,
  { rate, duration }: { rate: number; duration: number },
) {
  const clients = 8;
  const pool = database.tenantPool(clients);
  const watcher = database.pool({ ...database.app, ...database.test.connections.worker }, 1);
  const start = performance.now();
  const running = (): boolean => seconds(start) < duration;
  let written = 0;
  const next = sequence(11);
  const writers = Array.from({ length: clients }, async () => {
    while (running()) {
      if (written >= rate * seconds(start)) {
        await wait(1);
        continue;
      }
      written += 1;
      const values = ['Ada Lovelace', '120.50', 'paid by transfer'];
      await pool
        .as(contextOf(next(tenants)), request)
        .query('insert into bench.item (name, amount, note) values ($1, $2, $3)', values);
    }
  });
  const sealer = (async () => {
    while (running()) if (!(await seal(worker)).more) await wait(100);
  })();
  const tidy = (async () => {
    for (; running(); await wait(2000)) await worker.query('select bulkhead.summarize_audit()');
  })();
  const lags: number[] = [];
  const observer = observe(watcher, lags, running);
  await Promise.all([...writers, sealer, tidy, observer]);
  lags.sort((one, other) => one - other);
  const at = (share: number): number => Math.round(lags[Math.floor(lags.length * share)] ?? 0);
  return {
    lag_p50_ms: at(0.5),
    lag_p99_ms: at(0.99),
    lag_max_ms: at(0.999_999),
    lag_writes_per_s: Math.round(written / duration),
    lag_entries: lags.length,
  };
}

async function sign(worker: pg.Pool, identity: AuditIdentity): Promise<void> {
  for (const due of await chainsToCheckpoint(worker))
    await checkpointChain({ pool: worker, identity, anchors: [] }, due);
}

/** The same bytes hashed and nothing else, a second's worth of entries. */
function hashAlone(bytes: number, entries: number): number {
  const data = randomBytes(Math.max(1, Math.round(bytes)));
  const start = performance.now();
  for (let n = 0; n < entries; n += 1) hash('sha256', data, 'buffer');
  return entries / seconds(start);
}

async function exportTo(
  file: string,
  auditor: pg.Client,
  of: { chain: string; origin: string },
): Promise<void> {
  const out = createWriteStream(file);
  await writeExport(auditor, {
    ...of,
    write: async (text) => {
      if (!out.write(text)) await once(out, 'drain');
    },
  });
  out.end();
  await finished(out);
}

async function verifying(database: BenchDatabase, worker: pg.Pool, identity: AuditIdentity) {
  const auditor = new pg.Client(database.test.connections.auditor);
  await auditor.connect();
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  try {
    const keys = { name: identity.name, verifiers: identity.keys };
    const live = performance.now();
    const reports = await Array.fromAsync(verifyDatabase(auditor, keys));
    const checked = reports.reduce((sum, { entries }) => sum + entries, 0);
    const liveRate = checked / seconds(live);
    if (reports.some(({ findings }) => findings.length > 0)) throw new Error('the chain does not hold');
    const chain = tenantId(0);
    const file = join(folder, 'export.jsonl');
    await exportTo(file, auditor, { chain, origin: originOf(identity, chain) });
    let best = 0;
    for (let round = 0; round < 3; round += 1) {
      const start = performance.now();
      const report = await verifyExport(file, { verifiers: identity.keys });
      if (report.findings.length > 0) throw new Error('the export does not hold');
      best = Math.max(best, report.entries / seconds(start));
    }
    const { rows } = await worker
      .query<{ bytes: number; entries: number }>(
        `select avg(octet_length(bulkhead.audit_entry_bytes(e)))::float8 as bytes, count(*)::int as entries from bulkhead.audit_entry e`,
      )
      .catch(() =>
        auditor.query<{ bytes: number; entries: number }>(
          `select avg(octet_length(bulkhead.audit_entry_bytes(e)))::float8 as bytes, count(*)::int as entries from bulkhead.audit_entry e where e.tenant_id = '${chain}'`,
        ),
      );
    const bytes = rows[0]?.bytes ?? 0;
    const alone = hashAlone(bytes + 33, 300_000);
    return {
      verify_per_s: Math.round(best),
      verify_live_per_s: Math.round(liveRate),
      ratio_verify_sha256: rounded(best / alone),
      entry_bytes: Math.round(bytes),
    };
  } finally {
    await auditor.end();
    await rm(folder, { recursive: true });
  }
}

/** Sealing, its lag, verification. */
async function ledger({ quick, progress }: Parameters<Benchmark['run']>[0]) {
  const entries = quick ? 20_000 : 300_000;
  const database = await openBenchDatabase();
  try {
    await database.asOwner(table);
    const worker = database.pool(database.test.connections.worker, 3);
    const identity = auditIdentity({ seed: randomBytes(32) });
    progress(`writing ${entries} entries`);
    await write(database, entries);
    progress('sealing them');
    const sealPerSecond = await sealing(worker, entries);
    progress('lag under load');
    const lags = await lag(
      database,
      worker,
      quick ? { rate: 200, duration: 3 } : { rate: 2000, duration: 60 },
    );
    await sealAll(worker);
    progress('signing and verifying');
    await sign(worker, identity);
    return {
      seal_per_s: Math.round(sealPerSecond),
      ...lags,
      ...(await verifying(database, worker, identity)),
    };
  } finally {
    await database.close();
  }
}

/** Search and export in a year's log of one database of its own. */
async function readers({ quick, progress }: Parameters<Benchmark['run']>[0]) {
  const entries = quick ? 20_000 : 10_000_000;
  const database = await openBenchDatabase();
  try {
    progress(`filling a year with ${entries} entries, which takes minutes`);
    await fillYear(database, entries);
    progress('searching it');
    const found = await searching(database, { entries, pages: quick ? 40 : 400 });
    progress('exporting');
    return { ...found, ...(await exporting(database, quick ? 5000 : 200_000)) };
  } finally {
    await database.close();
  }
}

/** The audit log: sealing, its lag, verification, search, export; beside another's trigger where that is at hand. */
export const audit: Benchmark = {
  compared:
    'sealing: entries of 20 tenants linked by one worker, durable commit; lag: from an entry’s moment to its visible link, under 2,000 ' +
    'single-row writes a second by 8 clients; verification: an export of one chain on one thread, and the live database; ' +
    'ratio_verify_sha256: entries verified from the export over the same bytes hashed alone; search: filtered pages at 10 million entries of ' +
    '100 tenants, 95th percentile, common and rare filters of the five largest; export: of the largest tenant, streamed; ratio_write: one-row ' +
    'inserts by 8 clients, durable commit, audited over unaudited; bulk: 1,000 rows a statement; with --supa-audit FILE: the same under its ' +
    'trigger, ours over theirs (unaudited over theirs is the most that any trigger could reach; inside: 200 one-row statements in one ' +
    'transaction in the database, without client, network and commit)',
  targets: {
    seal_per_s: '>= 20000',
    lag_p99_ms: '<= 1000',
    verify_per_s: '>= 300000',
    search_ms_10m: '<= 50',
    ratio_write: '>= 0.8',
    ratio_write_bulk: '>= 0.5',
    ratio_vs_supa_audit: '>= 1.5',
  },
  async run(options) {
    const { quick, supaAudit, progress } = options;
    progress('writing beside unaudited tables');
    const writes = await auditWrites({ quick, supaAudit });
    return { ...writes, ...(await ledger(options)), ...(await readers(options)) };
  },
};
