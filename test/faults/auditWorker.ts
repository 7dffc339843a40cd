/** A process that seals, or seals and signs, until it is killed: `node auditWorker.ts seal|sign CONNECTION SEED FOLDER`. */
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import {
  auditIdentity,
  chainsToCheckpoint,
  checkpointChain,
  directoryAnchor,
  seal,
} from '../../packages/platform/src/audit/ledger/index.ts';

const [, , duty = '', connection = '{}', seed = '', folder = ''] = process.argv;
const pool = new pg.Pool({
  ...(JSON.parse(connection) as pg.PoolConfig),
  max: 2,
  connectionTimeoutMillis: 2000,
});
pool.on('error', () => undefined);
pool.on('connect', (client) => client.on('error', () => undefined));
const identity = auditIdentity({ seed: Buffer.from(seed, 'hex') });
const parts = { pool, identity, anchors: [directoryAnchor(folder)] };

async function turn(): Promise<void> {
  if (duty === 'seal') {
    while ((await seal(pool)).more);
    return;
  }
  for (const due of await chainsToCheckpoint(pool)) {
    const { refused } = await checkpointChain(parts, due);
    if (refused.length > 0) throw refused[0]?.error;
  }
}

for (;;) {
  try {
    await turn();
  } catch (error) {
    // A chain that does not continue what was signed is what this looks for; a lost connection is what it is done to.
    if (error instanceof Error && error.name === 'InconsistentChain')
      process.stdout.write(`${error.message}\n`);
  }
  await wait(duty === 'seal' ? 20 : 200);
}
