import type { IncomingMessage, ServerResponse } from 'node:http';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import type { OutboundOptions } from '../src/outbound/index.ts';
import {
  createEndpoint,
  deliverWebhooks,
  type EndpointDependencies,
  type EventKind,
  type Lane,
  type WebhookDelivery,
} from '../src/webhooks/out/index.ts';
import type { Fixture, Person } from './fixture.ts';
import { openListener } from './listener.ts';

export const catalogue: readonly EventKind[] = [
  { type: 'shop.order.placed', description: 'An order was placed.' },
  { type: 'shop.order.cancelled', description: 'An order was cancelled.' },
];

/** One call as it arrived. */
export type Arrival = { path: string; headers: Record<string, string>; body: string };

/** A tenant's own server. It answers 200 unless told otherwise. */
export type Receiver = {
  port: number;
  arrivals: Arrival[];
  connections: () => number;
  /** How the next calls are answered; the last one holds for all that follow. */
  answer: (...ways: ((response: ServerResponse, arrival: Arrival) => void)[]) => void;
  close: () => Promise<void>;
};

export const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(body);

export async function openReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  let ways: ((response: ServerResponse, arrival: Arrival) => void)[] = [status(200)];
  const listener = await openListener((request, response) => {
    void readText(request).then((body) => {
      const arrival = { path: request.url ?? '', headers: request.headers as Record<string, string>, body };
      arrivals.push(arrival);
      const [way = status(200)] = ways;
      if (ways.length > 1) ways = ways.slice(1);
      way(response, arrival);
    });
  });
  return {
    port: listener.port,
    arrivals,
    connections: listener.connections,
    answer: (...given) => {
      ways = given;
    },
    close: listener.close,
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * What the official library makes of a call. It judges the time by this machine's clock, which a test's may not be.
 *
 * @throws WebhookVerificationError
 */
export function verify(secret: string, { body, headers }: Arrival, clock: () => number = Date.now): unknown {
  const { now } = Date;
  Date.now = clock;
  try {
    return new Webhook(secret).verify(body, headers);
  } finally {
    Date.now = now;
  }
}

export type WebhookFixture = {
  worker: pg.Pool;
  outbound: OutboundOptions;
  /** What the endpoints of a person's tenant are changed with. */
  dependencies: (person: Person) => EndpointDependencies;
  /** Adds an endpoint at the receiver. */
  endpoint: (
    person: Person,
    receiver: Receiver,
    options?: { path?: string; eventTypes?: string[] | null },
  ) => Promise<{ endpointId: string; secret: string }>;
  /** What happens in a person's tenant. */
  emit: (person: Person, type?: string, data?: object) => Promise<number>;
  delivery: (lane?: Lane) => WebhookDelivery;
  /** Sends whatever is due in both lanes. */
  deliver: () => Promise<void>;
  close: () => Promise<void>;
};

const emit: WebhookFixture['emit'] = async (
  { session, companyId },
  type = 'shop.order.placed',
  data = { number: '7' },
) => {
  const { rows } = await session.query<{ queued: number }>('select webhooks.emit($1, $2, $3) as queued', [
    type,
    companyId,
    JSON.stringify(data),
  ]);
  return rows[0]?.queued ?? 0;
};

/** Webhooks on a fixture's database: its clock, no chance, and names that all lead to this machine. */
export function openWebhooks(fixture: Fixture, receivers: readonly Receiver[]): WebhookFixture {
  const { cipher, clock, randomBytes, sealer } = fixture.identity;
  const worker = new pg.Pool(fixture.database.connections.worker);
  worker.on('error', () => {});
  const outbound: OutboundOptions = {
    http: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    privateTargets: [{ range: '127.0.0.1/32', ports: receivers.map(({ port }) => port) }],
  };
  const dependencies: WebhookFixture['dependencies'] = ({ session, tenantId }) => ({
    session,
    tenantId,
    cipher,
    clock,
    randomBytes,
    catalogue,
    outbound,
  });
  const delivery: WebhookFixture['delivery'] = (lane = 'prompt') => ({
    pool: worker,
    sealer,
    cipher,
    clock,
    outbound,
    lane,
    random: () => 0.5,
  });
  return {
    worker,
    outbound,
    dependencies,
    delivery,
    endpoint: (person, { port }, { path = '/hooks', eventTypes = null } = {}) =>
      createEndpoint(dependencies(person), {
        url: `http://hooks.example.com:${port}${path}`,
        description: 'Warehouse',
        eventTypes,
      }),
    emit,
    deliver: async () => {
      const { signal } = new AbortController();
      await deliverWebhooks(delivery('prompt'), signal);
      await deliverWebhooks(delivery('slow'), signal);
    },
    close: () => worker.end(),
  };
}
