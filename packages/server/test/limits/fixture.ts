import { PasswordHasher } from '@bulkhead/platform/identity';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase } from '../../../../test/harness/index.ts';
import type { TestDatabase } from '../../../../test/harness/index.ts';
import { createServer } from '../../src/index.ts';
import type { Server } from '../../src/index.ts';

/** Counts the passwords that were compared, or would have been. */
export class CountingHasher extends PasswordHasher {
  compared = 0;
  constructor() {
    super({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });
  }
  override verify(...input: Parameters<PasswordHasher['verify']>): ReturnType<PasswordHasher['verify']> {
    this.compared += 1;
    return super.verify(...input);
  }
}

export type LimitedServers = {
  database: TestDatabase;
  urls: string[];
  passwords: CountingHasher;
  log: string[];
  advance: (milliseconds: number) => void;
  close: () => Promise<void>;
};

/** Servers of one installation with rate limits on, behind a proxy of this machine that says who calls. */
export async function openLimited(options: {
  servers?: number;
  limits?: Record<string, unknown>;
  redis?: string;
  trustedProxies?: string[];
}): Promise<LimitedServers> {
  const { servers = 1, limits = {}, redis, trustedProxies = ['127.0.0.1'] } = options;
  const database = await createTestDatabase();
  const passwords = new CountingHasher();
  const log: string[] = [];
  let passed = 0;
  const started: Server[] = [];
  const close = async () => {
    await Promise.all(started.map((server) => server.close({ force: true })));
    await database.drop();
  };
  const config = testConfig(database, {
    http: { trustedProxies },
    mail: trustedProxies.length === 0 ? { sink: true } : { sink: false },
    database: { identityConnections: 4 },
    limits: { enabled: true, servers, ...limits },
    redis: redis === undefined ? {} : { url: redis, timeout: 1000 },
  });
  try {
    for (let index = 0; index < servers; index += 1) {
      const server = createServer(config, [], {
        clock: () => Date.now() + passed,
        logStream: { write: (line) => void log.push(line) },
        identity: { passwords },
      });
      started.push(server);
      // oxlint-disable-next-line no-await-in-loop -- the first one migrates
      await server.listen();
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = started.map(({ address }) => `http://127.0.0.1:${address?.port}`);
  return { database, urls, passwords, log, close, advance: (milliseconds) => void (passed += milliseconds) };
}
