import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { TenantPool } from '../../packages/kernel/src/index.ts';
import { FieldCipher } from '../../packages/platform/src/vault/index.ts';
import { createEndpoint } from '../../packages/platform/src/webhooks/out/index.ts';
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from '../harness/index.ts';
import { makePerson } from '../harness/people.ts';
import { pick, seeded } from './randomness.ts';
import type { WorkerOptions } from './webhookWorker.ts';

export type WebhookFaultPlan = {
  readonly seed: number;
  /** Kills in all: of a sender with SIGKILL, of a connection, of Postgres. */
  readonly kills: number;
  readonly writers: number;
  /** Empty folder. */
  readonly folder: string;
  readonly onLog?: (line: string) => void;
};

export type WebhookFaultReport = {
  readonly seed: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Business changes that were answered, each with an event. */
  readonly acknowledged: number;
  /** Of those, how many events the receiver took. */
  readonly found: number;
  /** Acknowledged, and never taken; must be 0. */
  readonly lost: number;
  /** Taken, of a change that was rolled back; must be 0. */
  readonly unfounded: number;
  /** Taken more than once under one webhook-id: allowed, at least once is the promise. */
  readonly repeated: number;
};

const program = fileURLToPath(new URL('webhookWorker.ts', import.meta.url));
/** The senders' time: what takes them a minute is over in a second. */
const speed = 60;
const senders = ['sender 1', 'sender 2', 'sender 3'] as const;
const blows = ['sender', 'sender', 'sender', 'sender', 'connection', 'connection', 'postgres'] as const;

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

type Taken = { ids: Map<string, number>; items: Set<string> };

/** Takes most of what comes, refuses some, and hangs up on some it has taken. */
async function openReceiver(random: () => number, taken: Taken, over: () => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => {
      const chance = over() ? 1 : random();
      if (chance < 0.05) return void response.writeHead(500).end();
      const id = String(request.headers['webhook-id']);
      const { data } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { data: { item: string } };
      taken.ids.set(id, (taken.ids.get(id) ?? 0) + 1);
      taken.items.add(data.item);
      // As an endpoint that dies after it did its work.
      return void (chance < 0.08 ? request.socket.destroy() : response.end());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return server;
}

type Tenant = { tenantId: string; accountId: string };

/** What is hit, and what hits it. */
class Stage {
  readonly plan: WebhookFaultPlan;
  readonly database: TestDatabase;
  readonly encryption = { id: randomBytes(4).toString('hex'), secret: randomBytes(32) };
  readonly taken: Taken = { ids: new Map(), items: new Set() };
  readonly acknowledged = new Set<string>();
  readonly workers = new Map<string, ChildProcess>();
  readonly began = Date.now();
  server: TestServer;
  tenants: Tenant[] = [];
  receiver: Server | undefined;
  over = false;

  constructor(plan: WebhookFaultPlan, server: TestServer, database: TestDatabase) {
    this.plan = plan;
    this.server = server;
    this.database = database;
  }

  get port(): number {
    const address = this.receiver?.address() as AddressInfo | undefined;
    return address?.port ?? 0;
  }

  startSender(name: string): void {
    const hex = ({ id, secret }: { id: string; secret: Uint8Array }) => ({
      id,
      secret: Buffer.from(secret).toString('hex'),
    });
    const options: WorkerOptions = {
      connection: this.database.connections.worker,
      context: hex(this.database.key),
      encryption: hex(this.encryption),
      receiver: this.port,
      began: this.began,
      speed,
    };
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.workers.set(name, child);
  }

  async killSender(name: string): Promise<void> {
    const child = this.workers.get(name);
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    if (!this.over) this.startSender(name);
  }

  /** Kills Postgres and starts it again on the same folder and port; its orphans may need a moment to notice. */
  async killServer(): Promise<void> {
    if (this.server.pid !== undefined) process.kill(this.server.pid, 'SIGKILL');
    const { port } = this.server.admin;
    const dataFolder = join(this.plan.folder, 'postgres');
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.server = await startTestServer({ durable: true, dataFolder, port });
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

  async endConnection(random: () => number): Promise<boolean> {
    return this.asSuperuser(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = $1 and usename = 'bulkhead_worker' order by pid`,
        [this.database.name],
      );
      const victim = rows[Math.floor(random() * rows.length)];
      if (victim === undefined) return false;
      await client.query('select pg_terminate_backend($1)', [victim.pid]);
      return true;
    });
  }
}

async function strike(stage: Stage, blow: (typeof blows)[number], random: () => number): Promise<boolean> {
  if (blow === 'sender') await stage.killSender(pick(random, senders));
  else if (blow === 'postgres') await stage.killServer();
  else return stage.endConnection(random).catch(() => false);
  return true;
}

async function writeUntilOver(stage: Stage, pool: TenantPool, writer: number): Promise<void> {
  for (let count = 0; !stage.over; count += 1) {
    const { tenantId: tenant, accountId: id } = stage.tenants[(writer + count) % stage.tenants.length] ?? {
      tenantId: '',
      accountId: '',
    };
    const session = pool.as({ tenant, actor: { kind: 'account', id } });
    try {
      const item = await session.transaction(async (tx) => {
        const { rows } = await tx.query<{ id: string }>(
          'insert into shop.item (name) values ($1) returning id',
          [`${writer}-${count}`],
        );
        const made = rows[0]?.id ?? '';
        await tx.query(`select webhooks.emit('shop.item.made', null, json_build_object('item', $1::text))`, [
          made,
        ]);
        // Changed its mind: nobody may ever be told of it.
        if (count % 7 === 3) throw new Error('undone');
        return made;
      });
      stage.acknowledged.add(item);
    } catch {
      await wait(5);
    }
    await wait(40);
  }
}

async function open(plan: WebhookFaultPlan, random: () => number): Promise<Stage> {
  const server = await startTestServer({ durable: true, dataFolder: join(plan.folder, 'postgres') });
  const stage = new Stage(plan, server, await createTestDatabase({ server, template: 'full' }));
  const owner = new pg.Client(stage.database.connections.owner);
  await owner.connect();
  await owner.query(schema);
  await owner.end();
  stage.receiver = await openReceiver(random, stage.taken, () => stage.over);
  return stage;
}

/** Six tenants, each with an endpoint. */
async function settleIn(stage: Stage, pool: TenantPool): Promise<void> {
  for (let index = 0; index < 6; index += 1) {
    const made = await makePerson(stage.database, {
      email: `owner-${index}@fault.example`,
      password: 'quiet copper lantern walks',
      name: `Owner ${index}`,
      tenantName: `Tenant ${index}`,
      companyName: 'North',
    });
    const { tenantId, accountId } = made;
    stage.tenants.push({ tenantId, accountId });
    await createEndpoint(
      {
        session: pool.as({ tenant: tenantId, actor: { kind: 'account', id: accountId } }),
        tenantId,
        cipher: new FieldCipher({ current: stage.encryption }),
        clock: Date.now,
        randomBytes,
        catalogue: [],
        outbound: {
          http: true,
          resolve: () => Promise.resolve(['127.0.0.1']),
          privateTargets: [{ range: '127.0.0.1/32', ports: [stage.port] }],
        },
      },
      { url: `http://hooks.example.com:${stage.port}/`, description: '', eventTypes: null },
    );
  }
}

/** Until nothing waits any more, or a minute and a half is over. */
async function drained(stage: Stage): Promise<void> {
  const end = Date.now() + 90_000;
  for (;;) {
    const waiting = await stage
      .asSuperuser(async (client) => {
        const { rows } = await client.query<{ waiting: number }>(
          `select count(*)::int as waiting from webhooks.delivery where state = 'pending'`,
        );
        return rows[0]?.waiting ?? 0;
      })
      .catch(() => 1);
    if (waiting === 0 || Date.now() > end) return;
    await wait(100);
  }
}

/** Kills senders, their connections and Postgres, at random, while writers write and an endpoint wavers; then counts. */
export async function killSendersUnderLoad(plan: WebhookFaultPlan): Promise<WebhookFaultReport> {
  const random = seeded(plan.seed);
  const stage = await open(plan, seeded(plan.seed + 1));
  const pool = new TenantPool({
    connection: { ...stage.database.connections.app, max: plan.writers, connectionTimeoutMillis: 2000 },
    sealer: stage.database.sealer,
  });
  const kills: Record<string, number> = {};
  try {
    await settleIn(stage, pool);
    for (const name of senders) stage.startSender(name);
    const writing = Array.from({ length: plan.writers }, (_, writer) => writeUntilOver(stage, pool, writer));
    for (let done = 0; done < plan.kills;) {
      const before = stage.taken.items.size;
      const end = Date.now() + 5000;
      // Something is sent between two blows, or what was hit has had its time to come back.
      while (stage.taken.items.size < before + 10 && Date.now() < end) await wait(20);
      await wait(random() * 200);
      const blow = pick(random, blows);
      if (!(await strike(stage, blow, random))) continue;
      done += 1;
      kills[blow] = (kills[blow] ?? 0) + 1;
      plan.onLog?.(
        `${done}: ${blow}, ${stage.acknowledged.size} acknowledged, ${stage.taken.items.size} taken so far`,
      );
    }
    stage.over = true;
    await Promise.all(writing);
    await drained(stage);
    return await countUp(stage, kills);
  } finally {
    stage.over = true;
    for (const child of stage.workers.values()) child.kill('SIGKILL');
    await pool.close().catch(() => undefined);
    stage.receiver?.closeAllConnections();
    stage.receiver?.close();
    await stage.server.stop();
  }
}

/** Counted with plain SQL and by what arrived, with none of the code that is tested. */
async function countUp(stage: Stage, kills: Record<string, number>): Promise<WebhookFaultReport> {
  const { acknowledged, taken, plan } = stage;
  const there = await stage.asSuperuser(async (client) => {
    const { rows } = await client.query<{ id: string }>('select id from shop.item');
    return new Set(rows.map(({ id }) => id));
  });
  const found = [...acknowledged].filter((item) => taken.items.has(item)).length;
  return {
    seed: plan.seed,
    kills,
    acknowledged: acknowledged.size,
    found,
    lost: acknowledged.size - found,
    unfounded: [...taken.items].filter((item) => !there.has(item)).length,
    repeated: [...taken.ids.values()].filter((times) => times > 1).length,
  };
}

/** Whether everything that must be 0 is. */
export function webhooksHeld({ lost, unfounded }: WebhookFaultReport): boolean {
  return lost + unfounded === 0;
}
