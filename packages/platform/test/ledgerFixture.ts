import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  createTestDatabase,
  type RoleName,
  type TestDatabase,
  type TestServer,
} from '../../../test/harness/index.ts';
import { directoryAnchor } from '../src/audit/ledger/anchor.ts';
import { chainsToCheckpoint, checkpointChain, type CheckpointParts } from '../src/audit/ledger/checkpoint.ts';
import { auditIdentity, type AuditIdentity } from '../src/audit/ledger/key.ts';
import { openAnchor } from '../src/audit/ledger/notes.ts';
import { sealAll } from '../src/audit/ledger/seal.ts';
import {
  verifyDatabase,
  type DatabaseReport,
  type VerifyOptions,
} from '../src/audit/ledger/verifyDatabase.ts';

/** A database with entries to seal, a signing key and a directory of anchors outside it. */
export type LedgerFixture = {
  database: TestDatabase;
  /** as bulkhead_worker */
  worker: pg.Pool;
  /** as superuser, with triggers and policies out of the way */
  forger: pg.Client;
  identity: AuditIdentity;
  /** where the anchors are */
  folder: string;
  parts: CheckpointParts;
  /** Another connection; closed with the fixture. */
  connect(role: RoleName): Promise<pg.Client>;
  /** Writes `count` entries of a tenant as the application's triggers would. */
  write(tenant: string, count: number): Promise<void>;
  sealAndSign(): Promise<void>;
  verify(options?: Partial<VerifyOptions>): Promise<DatabaseReport[]>;
  /** Runs statements that no role of Bulkhead may run. */
  tamper(sql: string, values?: unknown[]): Promise<void>;
  close(): Promise<void>;
};

/** The n-th test tenant. */
export const tenantId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** As the application's triggers would. */
async function writeEntries(forger: pg.Client, tenant: string, count: number): Promise<void> {
  await forger.query(
    `insert into bulkhead.audit_entry (tenant_id, actor_kind, actor_id, action, target_type, target_id, request_id, ip, user_agent, before, after)
     select $1, 'account', gen_random_uuid(), 'update', 'shop.item', gen_random_uuid(), 'r-' || n, '203.0.113.9', 'test/1',
       json_build_object('n', n), json_build_object('n', n + 1)
     from generate_series(1, $2::int) n`,
    [tenant, count],
  );
}

async function verifyAll(
  { database, folder, identity }: Pick<LedgerFixture, 'database' | 'folder' | 'identity'>,
  options: Partial<VerifyOptions>,
): Promise<DatabaseReport[]> {
  const client = new pg.Client(database.connections.auditor);
  await client.connect();
  try {
    const anchors = options.anchors ?? [await openAnchor(folder)];
    const all = { name: identity.name, verifiers: identity.keys, ...options, anchors };
    return await Array.fromAsync(verifyDatabase(client, all));
  } finally {
    await client.end();
  }
}

export async function openLedger(server?: TestServer): Promise<LedgerFixture> {
  const database = await createTestDatabase(server === undefined ? {} : { server });
  const worker = new pg.Pool({ ...database.connections.worker, max: 4 });
  worker.on('error', () => undefined);
  const forger = new pg.Client(database.connections.superuser);
  forger.on('error', () => undefined);
  await forger.connect();
  const clients: pg.Client[] = [];
  const connect = async (role: RoleName): Promise<pg.Client> => {
    const client = new pg.Client(database.connections[role]);
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-anchors-'));
  const identity = auditIdentity({ seed: randomBytes(32) });
  const parts: CheckpointParts = { pool: worker, identity, anchors: [directoryAnchor(folder)] };
  return {
    database,
    worker,
    forger,
    identity,
    folder,
    parts,
    connect,
    write: (tenant, count) => writeEntries(forger, tenant, count),
    verify: (options = {}) => verifyAll({ database, folder, identity }, options),
    sealAndSign: async () => {
      await sealAll(worker);
      for (const due of await chainsToCheckpoint(worker)) await checkpointChain(parts, due);
    },
    tamper: async (sql, values) => {
      await forger.query(`set session_replication_role = 'replica'`);
      try {
        await forger.query(sql, values);
      } finally {
        await forger.query(`set session_replication_role = 'origin'`);
      }
    },
    close: async () => {
      await Promise.all([worker.end(), forger.end(), ...clients.map((client) => client.end())]);
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Kind and position of every finding. */
export const findingsOf = (reports: readonly DatabaseReport[]): string[] =>
  reports.flatMap(({ findings }) => findings.map(({ kind, seq }) => `${kind} ${seq}`));
