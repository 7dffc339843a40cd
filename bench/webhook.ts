import { randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { TenantPool } from '@bulkhead/kernel';
import { createCipher } from '../packages/server/src/boot/cipher.ts';
import { createSource } from '@bulkhead/platform/webhooks/in';
import { Webhook } from 'standardwebhooks';
import { testConfig } from '../test/harness/config.ts';
import { makePerson } from '../test/harness/people.ts';
import { startAuthServer } from './authServer.ts';
import { openBenchDatabase, type BenchDatabase } from './database.ts';

const clients = 64;

/**
 * Webhooks a second that one server process takes over HTTP: verified (Standard Webhooks, 600 bytes, each another event),
 * stored with a durable commit, and only then answered with 200; 64 senders over kept connections. The database, the
 * server and the senders share the machine. Their processing by the duty is not among it.
 */
export async function webhookRate({
  quick,
  progress,
}: {
  quick: boolean;
  progress: (line: string) => void;
}): Promise<{ webhook_per_s: number }> {
  const database = await openBenchDatabase();
  try {
    const config = testConfig(database.test, { log: { level: 'info' } });
    const server = await startAuthServer({
      ...config,
      database: { ...config.database, workerPassword: undefined },
    });
    try {
      const source = await makeSource(database, createCipher(config.encryption));
      const total = quick ? 2000 : 40_000;
      await measure(server.port, signedRequests(source, quick ? 500 : 4000));
      const rates: number[] = [];
      for (let round = 1; round <= 3; round += 1) {
        const requests = signedRequests(source, total / 2);
        // oxlint-disable-next-line no-await-in-loop -- one at a time
        const rate = await measure(server.port, requests);
        progress(`webhooks, round ${round}: ${Math.round(rate)}/s`);
        rates.push(rate);
      }
      await assertStored(database, (quick ? 500 : 4000) + (3 * total) / 2);
      return { webhook_per_s: Math.round(rates.toSorted((a, b) => a - b)[1] ?? 0) };
    } finally {
      server.stop();
    }
  } finally {
    await database.close();
  }
}

type Source = { id: string; secret: string };

async function makeSource({ test }: BenchDatabase, cipher: ReturnType<typeof createCipher>): Promise<Source> {
  const person = {
    email: 'robin@example.org',
    password: 'seven copper lanterns drift',
    name: 'Robin',
    tenantName: 'Vale',
  };
  const { accountId, tenantId } = await makePerson(test, person);
  const pool = new TenantPool({ connection: test.connections.app, sealer: test.sealer });
  try {
    const session = pool.as({ tenant: tenantId, actor: { kind: 'account', id: accountId } });
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const managing = { session, tenantId, cipher, clock: Date.now, randomBytes };
    const { id } = await createSource(managing, { name: 'Bench', scheme: 'standard', secret });
    return { id, secret };
  } finally {
    await pool.close();
  }
}

function signedRequests({ id, secret }: Source, count: number): Buffer[] {
  const webhook = new Webhook(secret);
  const at = new Date();
  return Array.from({ length: count }, (_, index) => {
    const event = randomUUID();
    const body = JSON.stringify({
      type: 'order.paid',
      data: {
        order: event,
        lines: Array.from({ length: 6 }, (_line, line) => ({
          sku: `SKU-${index}-${line}`,
          quantity: line,
          price: '19.90',
          note: 'as agreed',
        })),
      },
    });
    const head =
      `POST /webhooks/${id} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nwebhook-id: ${event}\r\n` +
      `webhook-timestamp: ${Math.floor(at.getTime() / 1000)}\r\nwebhook-signature: ${webhook.sign(event, at, body)}\r\n\r\n`;
    return Buffer.from(head + body);
  });
}

/** @returns requests answered with 200 a second; anything else throws */
async function measure(port: number, requests: Buffer[]): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(port)));
  const count = requests.length;
  const start = performance.now();
  await Promise.all(sockets.map((socket) => sendAll(socket, requests)));
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return count / seconds;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/** Takes from what all senders share, one request after the other's answer, which has no body. */
function sendAll(socket: Socket, requests: Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = '';
    const next = (): void => {
      const request = requests.pop();
      if (request === undefined) resolve();
      else socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      if (!received.endsWith('\r\n\r\n')) return;
      if (!received.startsWith('HTTP/1.1 200')) reject(new Error(`answered ${received}`));
      received = '';
      next();
    });
    socket.on('close', () => reject(new Error('the server closed the connection')));
    next();
  });
}

/** What was answered is there: a rate of anything else would be none. */
async function assertStored({ test }: BenchDatabase, expected: number): Promise<void> {
  const client = new pg.Client(test.connections.superuser);
  await client.connect();
  try {
    const { rows } = await client.query<{ stored: number }>(
      'select count(*)::integer as stored from webhooks.received_event',
    );
    if (rows[0]?.stored !== expected) throw new Error(`${rows[0]?.stored} of ${expected} are stored`);
  } finally {
    await client.end();
  }
}
