/** A process that sends webhooks until it is killed: `node webhookWorker.ts OPTIONS`, whose time runs faster than ours. */
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { ContextSealer } from '../../packages/kernel/src/index.ts';
import { FieldCipher } from '../../packages/platform/src/vault/index.ts';
import { deliverWebhooks, type Lane } from '../../packages/platform/src/webhooks/out/index.ts';

/** What a worker is started with, as JSON. */
export type WorkerOptions = {
  connection: pg.PoolConfig;
  /** Of the context and of the cipher, in hexadecimal. */
  context: { id: string; secret: string };
  encryption: { id: string; secret: string };
  receiver: number;
  /** When its time began to run faster, and how much. */
  began: number;
  speed: number;
};

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const keyOf = ({ id, secret }: { id: string; secret: string }) => ({
  id,
  secret: Buffer.from(secret, 'hex'),
});
const pool = new pg.Pool({ ...options.connection, max: 8, connectionTimeoutMillis: 2000 });
pool.on('error', () => undefined);
pool.on('connect', (client) => client.on('error', () => undefined));
const parts = {
  pool,
  sealer: new ContextSealer({ key: keyOf(options.context) }),
  cipher: new FieldCipher({ current: keyOf(options.encryption) }),
  clock: () => options.began + (Date.now() - options.began) * options.speed,
  outbound: {
    http: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    privateTargets: [{ range: '127.0.0.1/32', ports: [options.receiver] }],
  },
};

async function work(lane: Lane): Promise<never> {
  const { signal } = new AbortController();
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await deliverWebhooks({ ...parts, lane }, signal);
    } catch {
      // A lost connection is what it is done to.
    }
    // oxlint-disable-next-line no-await-in-loop
    await wait(20);
  }
}

await Promise.all([work('prompt'), work('slow')]);
