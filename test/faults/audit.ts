import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { TenantPool } from '../../packages/kernel/src/index.ts';
import {
  auditIdentity,
  chainsToCheckpoint,
  checkpointChain,
  directoryAnchor,
  openAnchor,
  sealAll,
  verifyDatabase,
} from '../../packages/platform/src/audit/ledger/index.ts';
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from '../harness/index.ts';
import { pick, seeded } from './randomness.ts';

export type AuditFaultPlan = {
  readonly seed: number;
  /** Kills in all: of Postgres, of one of its processes, of a connection, of the workers. */
  readonly kills: number;
  readonly writers: number;
  /** Empty folder. */
  readonly folder: string;
  readonly onLog?: (line: string) => void;
};

export type AuditFaultReport = {
  readonly seed: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Writes that were answered. */
  readonly acknowledged: number;
  /** Of those, how many have exactly one entry, sealed. */
  readonly found: number;
  /** Acknowledged writes without an entry; must be 0. */
  readonly lost: number;
  /** Positions of a chain that stand twice or are left out, and chains that contradict what was signed; must be 0. */
  readonly forked: number;
  /** Entries sealed more than once; must be 0. */
  readonly duplicated: number;
  /** Committed entries without a place after recovery; must be 0. */
  readonly unsealed: number;
  /** Changes without an entry, and entries without a change; must be 0. */
  readonly unmatched: number;
  /** Checks of the running database that were completed, and what they found; nothing may be found. */
  readonly verifications: number;
  readonly findings: readonly string[];
  /** Checkpoints that were anchored. */
  readonly anchored: number;
};

const tenants = Array.from(
  { length: 20 },
  (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
);
const actor = { kind: 'account', id: '00000000-0000-4000-9000-000000000001' } as const;
const program = fileURLToPath(new URL('auditWorker.ts', import.meta.url));

const schema = `
  create schema shop; grant usage on schema shop to bulkhead_app;
  create table shop.item (
    id uuid not null default gen_random_uuid(),
    tenant_id uuid not null default bulkhead.claimed_tenant_id(),
    created_at timestamptz not null default now(), updated_at timestamptz not null default now(), deleted_at timestamptz,
    name text not null,
    constraint item_pkey primary key (tenant_id, id)
  );
  select bulkhead.protect_table('shop.item');`;

/** What is hit, and what hits it. */
class Stage {
  readonly database: TestDatabase;
  readonly #plan: AuditFaultPlan;
  readonly seedKey: string;
  readonly anchors: string;
  readonly workers = new Map<string, ChildProcess>();
  readonly said: string[] = [];
  server: TestServer;
  over = false;

  constructor(plan: AuditFaultPlan, server: TestServer, database: TestDatabase) {
    this.#plan = plan;
    this.server = server;
    this.database = database;
    this.seedKey = Buffer.alloc(32, plan.seed % 251).toString('hex');
    this.anchors = join(plan.folder, 'anchors');
  }

  get identity() {
    return auditIdentity({ seed: Buffer.from(this.seedKey, 'hex') });
  }

  startWorker(name: string): void {
    const duty = name.startsWith('seal') ? 'seal' : 'sign';
    const connection = JSON.stringify(this.database.connections.worker);
    const child = spawn(process.execPath, [program, duty, connection, this.seedKey, this.anchors], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.said.push(text.trim()));
    this.workers.set(name, child);
  }

  async killWorker(name: string): Promise<void> {
    const child = this.workers.get(name);
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    if (!this.over) this.startWorker(name);
  }

  /** Kills Postgres and starts it again on the same folder and port; its orphans may need a moment to notice. */
  async killServer(): Promise<void> {
    if (this.server.pid !== undefined) process.kill(this.server.pid, 'SIGKILL');
    const { admin } = this.server;
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.server = await startTestServer({
          durable: true,
          dataFolder: join(this.#plan.folder, 'postgres'),
          port: admin.port,
        });
        return;
      } catch (error) {
        if (attempt > 60) throw error;
        await wait(250);
      }
    }
  }

  async asSuperuser<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ ...this.database.connections.superuser, connectionTimeoutMillis: 2000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Ends one connection politely, or kills its process, which makes Postgres recover. */
  async strikeConnection(random: () => number, hard: boolean): Promise<boolean> {
    return this.asSuperuser(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where usename like 'bulkhead%' and datname = $1 order by pid`,
        [this.database.name],
      );
      const victim = rows[Math.floor(random() * rows.length)];
      if (victim === undefined) return false;
      if (hard) return process.kill(victim.pid, 'SIGKILL');
      await client.query('select pg_terminate_backend($1)', [victim.pid]);
      return true;
    });
  }
}

const blows = [
  'postgres',
  'postgres',
  'process',
  'connection',
  'connection',
  'sealer',
  'sealer',
  'signer',
] as const;

async function strike(stage: Stage, blow: (typeof blows)[number], random: () => number): Promise<boolean> {
  try {
    if (blow === 'postgres') await stage.killServer();
    else if (blow === 'process') return await stage.strikeConnection(random, true);
    else if (blow === 'connection') return await stage.strikeConnection(random, false);
    else if (blow === 'sealer') await stage.killWorker(pick(random, ['seal 1', 'seal 2']));
    else await stage.killWorker('sign 1');
    return true;
  } catch (error) {
    if (blow === 'postgres') throw error;
    // It is recovering from the blow before.
    return false;
  }
}

type Writing = { pool: TenantPool; writer: number; acknowledged: Set<string> };

async function writeUntilOver(stage: Stage, { pool, writer, acknowledged }: Writing): Promise<void> {
  for (let count = 0; !stage.over; count += 1) {
    const tenant = tenants[(writer * 7 + count) % tenants.length] ?? '';
    const session = pool.as({ tenant, actor });
    const insert = 'insert into shop.item (name) values ($1) returning id';
    try {
      const ids = await session.transaction(async (tx) => {
        const first = await tx.query<{ id: string }>(insert, [`${writer}-${count}`]);
        if (count % 3 === 0) await wait(count % 40);
        const more =
          count % 5 === 0 ? await tx.query<{ id: string }>(insert, [`${writer}-${count}+`]) : { rows: [] };
        return [...first.rows, ...more.rows].map(({ id }) => id);
      });
      for (const id of ids) acknowledged.add(id);
    } catch {
      await wait(20);
    }
  }
}

async function verifyUntilOver(
  stage: Stage,
  tally: { verifications: number; findings: string[] },
): Promise<void> {
  while (!stage.over) {
    try {
      await verifyOnce(stage, tally);
    } catch {
      // The database went away: that is no finding.
    }
    await wait(100);
  }
}

async function verifyOnce(stage: Stage, tally: { verifications: number; findings: string[] }): Promise<void> {
  const client = new pg.Client({ ...stage.database.connections.auditor, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  // Read before the database is: what is signed later is not in the snapshot.
  const anchors = [await openAnchor(stage.anchors)];
  await client.connect();
  try {
    const { name, keys } = stage.identity;
    for await (const { chain, findings } of verifyDatabase(client, { name, verifiers: keys, anchors })) {
      tally.findings.push(...findings.map(({ kind, detail }) => `${chain} ${kind}: ${detail}`));
    }
    tally.verifications += 1;
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Counts = { duplicated: number; gaps: number; unsealed: number; unmatched: number };

/** What is in the database when all is quiet, counted with plain SQL and none of the code that is tested. */
async function count(stage: Stage, acknowledged: ReadonlySet<string>): Promise<Counts & { found: number }> {
  return stage.asSuperuser(async (client) => {
    const { rows } = await client.query<Record<keyof Counts, number>>(`select
      (select count(*)::int from (select from bulkhead.audit_link group by tenant_id, entry_id having count(*) > 1) d) as duplicated,
      (select coalesce(sum(m), 0)::int from (
        select abs(max(seq) + 1 - count(distinct seq)) + count(*) - count(distinct seq) as m from bulkhead.audit_link group by tenant_id) g) as gaps,
      (select count(*)::int from bulkhead.audit_entry e where not exists (
        select from bulkhead.audit_link l where l.tenant_id = e.tenant_id and l.entry_id = e.id)) as unsealed,
      (select count(*)::int from shop.item i full join bulkhead.audit_entry e on e.target_id = i.id and e.tenant_id = i.tenant_id
        where i.id is null or e.id is null) as unmatched`);
    const sealed = await client.query<{ id: string }>(
      `select e.target_id as id from bulkhead.audit_entry e join bulkhead.audit_link l on l.tenant_id = e.tenant_id and l.entry_id = e.id
       group by e.target_id having count(*) = 1`,
    );
    const there = new Set(sealed.rows.map(({ id }) => id));
    const found = [...acknowledged].filter((id) => there.has(id)).length;
    return { ...(rows[0] ?? { duplicated: -1, gaps: -1, unsealed: -1, unmatched: -1 }), found };
  });
}

/** Something is written between two blows, or what is hit has had its time to come back. */
async function progress(
  stage: Stage,
  acknowledged: ReadonlySet<string>,
  random: () => number,
): Promise<void> {
  const before = acknowledged.size;
  const end = Date.now() + 5000;
  await wait(100 + random() * 500);
  while (acknowledged.size < before + 20 && Date.now() < end && !stage.over) await wait(20);
}

async function open(plan: AuditFaultPlan): Promise<Stage> {
  const dataFolder = join(plan.folder, 'postgres');
  const server = await startTestServer({ durable: true, dataFolder });
  const stage = new Stage(plan, server, await createTestDatabase({ server }));
  await mkdir(stage.anchors, { recursive: true });
  const owner = new pg.Client(stage.database.connections.owner);
  await owner.connect();
  await owner.query(schema);
  await owner.end();
  return stage;
}

async function settle(stage: Stage): Promise<void> {
  const pool = new pg.Pool({ ...stage.database.connections.worker, max: 1 });
  pool.on('error', () => undefined);
  try {
    await sealAll(pool);
    const parts = { pool, identity: stage.identity, anchors: [directoryAnchor(stage.anchors)] };
    for (const due of await chainsToCheckpoint(pool)) await checkpointChain(parts, due);
  } finally {
    await pool.end();
  }
}

type Striking = { random: () => number; acknowledged: ReadonlySet<string> };

async function strikeAll(
  stage: Stage,
  plan: AuditFaultPlan,
  { random, acknowledged }: Striking,
): Promise<Record<string, number>> {
  const kills: Record<string, number> = {};
  for (let done = 0; done < plan.kills;) {
    await progress(stage, acknowledged, random);
    const blow = pick(random, blows);
    if (!(await strike(stage, blow, random))) continue;
    done += 1;
    kills[blow] = (kills[blow] ?? 0) + 1;
    plan.onLog?.(`${done}: ${blow}, ${acknowledged.size} acknowledged so far`);
  }
  return kills;
}

/** Kills everything that takes part in auditing, at random, while writers write; then counts. */
export async function killAuditUnderLoad(plan: AuditFaultPlan): Promise<AuditFaultReport> {
  const random = seeded(plan.seed);
  const stage = await open(plan);
  const { app } = stage.database.connections;
  const pool = new TenantPool({
    connection: { ...app, max: plan.writers, connectionTimeoutMillis: 2000 },
    sealer: stage.database.sealer,
  });
  const acknowledged = new Set<string>();
  const tally = { verifications: 0, findings: [] as string[] };
  try {
    for (const name of ['seal 1', 'seal 2', 'sign 1']) stage.startWorker(name);
    const running = [
      ...Array.from({ length: plan.writers }, (_, writer) =>
        writeUntilOver(stage, { pool, writer, acknowledged }),
      ),
      verifyUntilOver(stage, tally),
    ];
    const kills = await strikeAll(stage, plan, { random, acknowledged });
    await wait(1000);
    stage.over = true;
    await Promise.all(running);
    await Promise.all([...stage.workers.keys()].map((name) => stage.killWorker(name)));
    await recovered(stage);
    await settle(stage);
    await verifyOnce(stage, tally);
    const { found, duplicated, gaps, unsealed, unmatched } = await count(stage, acknowledged);
    const findings = [...tally.findings, ...stage.said];
    return {
      seed: plan.seed,
      kills,
      acknowledged: acknowledged.size,
      found,
      lost: acknowledged.size - found,
      forked: gaps + stage.said.length,
      duplicated,
      unsealed,
      unmatched,
      verifications: tally.verifications,
      findings,
      anchored: (await readdir(stage.anchors, { recursive: true })).filter((name) => name.endsWith('.note'))
        .length,
    };
  } finally {
    stage.over = true;
    for (const child of stage.workers.values()) child.kill('SIGKILL');
    await pool.close().catch(() => undefined);
    await stage.server.stop();
  }
}

async function recovered(stage: Stage): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    try {
      return await stage.asSuperuser(async (client) => void (await client.query('select 1')));
    } catch (error) {
      if (Date.now() > end) throw error;
      await wait(200);
    }
  }
}

/** Whether everything that must be 0 is. */
export function auditHeld(report: AuditFaultReport): boolean {
  const { lost, forked, duplicated, unsealed, unmatched, findings } = report;
  return lost + forked + duplicated + unsealed + unmatched + findings.length === 0;
}
