import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { TenantPool, type TenantTransaction } from '@bulkhead/kernel';
import { Webhook } from 'standardwebhooks';
import {
  createSource,
  EventStore,
  RefusalCounts,
  SourceDirectory,
  WebhookReceiver,
  type ManagingSources,
  type NewSource,
  type Processing,
  type Receipt,
  type ServiceHandler,
  type WebhookHandler,
} from '../src/webhooks/in/index.ts';
import type { Fixture, Person } from './fixture.ts';

export type Headers = Record<string, string>;

export type Receiving = {
  /** Connected as bulkhead_worker. */
  worker: pg.Pool;
  tenants: TenantPool;
  refusals: RefusalCounts;
  receiver: WebhookReceiver;
  /** Another server: same database, its own memory. */
  anotherServer(): WebhookReceiver;
  managing(person: Pick<Person, 'session' | 'tenantId'>): ManagingSources;
  /** A source of Standard Webhooks, and its secret. */
  source(person: Person, wanted?: Partial<NewSource>): Promise<{ id: string; secret: string }>;
  send(sourceId: string, headers: Headers, body: string): Promise<Receipt>;
  processing(handlers: {
    of?: Record<string, readonly WebhookHandler<TenantTransaction>[]>;
    service?: (type: string) => ServiceHandler | undefined;
  }): Processing<TenantTransaction>;
  close(): Promise<void>;
};

export const standardSecret = `whsec_${randomBytes(32).toString('base64')}`;
export const billingSecret = 'whsec_billing4fT9xQ2mVb7Lk';

/** What the official package sends at an instant. */
export function signed(secret: string, { id, at, body }: { id: string; at: number; body: string }): Headers {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  };
}

/** Receiving webhooks on a fixture's database; the duties run when asked. */
export function openReceiving(fixture: Fixture): Receiving {
  const worker = new pg.Pool(fixture.database.connections.worker);
  worker.on('error', () => {});
  const tenants = new TenantPool({
    connection: fixture.database.connections.app,
    sealer: fixture.database.sealer,
  });
  const refusals = new RefusalCounts();
  const anotherServer = (): WebhookReceiver => openReceiver(fixture, refusals);
  const receiver = anotherServer();
  const managing = managingOf(fixture);
  return {
    worker,
    tenants,
    refusals,
    receiver,
    anotherServer,
    managing,
    source: async (person, wanted = {}) => {
      const secret = wanted.secret ?? standardSecret;
      const { id } = await createSource(managing(person), {
        name: 'Sender',
        scheme: 'standard',
        ...wanted,
        secret,
      });
      return { id, secret };
    },
    send: (sourceId, headers, body) =>
      receiver.receive(sourceId, { header: (name) => headers[name], body: Buffer.from(body) }),
    processing: processingOf(fixture, { worker, tenants }),
    close: async () => {
      await Promise.all([worker.end(), tenants.close()]);
    },
  };
}

function openReceiver({ identity }: Fixture, refusals: RefusalCounts): WebhookReceiver {
  const { cipher, clock, pool, sealer } = identity;
  return new WebhookReceiver({
    sources: new SourceDirectory({ pool, sealer, cipher, clock, billingSecrets: [billingSecret] }),
    store: new EventStore({ pool, sealer, clock }),
    cipher,
    clock,
    randomBytes,
    refusals,
  });
}

function managingOf({ identity: { cipher, clock } }: Fixture): Receiving['managing'] {
  return ({ session, tenantId }) => ({ session, tenantId, cipher, clock, randomBytes });
}

function processingOf(
  { identity: { cipher, clock } }: Fixture,
  { worker, tenants }: Pick<Receiving, 'worker' | 'tenants'>,
): Receiving['processing'] {
  return ({ of = {}, service = () => undefined }) => ({
    worker,
    tenants: {
      transaction: ({ tenant, sourceId }, work) =>
        tenants.as({ tenant, actor: { kind: 'service', id: sourceId } }).transaction(work),
    },
    cipher,
    clock,
    handlersOf: (type) => of[type] ?? [],
    serviceHandlerOf: service,
    random: () => 0,
  });
}
