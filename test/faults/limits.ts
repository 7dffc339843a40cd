import { randomUUID } from 'node:crypto';
import { PasswordHasher } from '@bulkhead/platform/identity';
import { createServer, type Server } from '@bulkhead/server';
import { testConfig } from '../harness/config.ts';
import { createTestDatabase } from '../harness/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { seeded } from './randomness.ts';

export type LimitsReport = {
  seed: number;
  servers: number;
  rounds: number;
  /** Times that Redis was killed, and came back empty. */
  kills: number;
  /** Sign-ins that one address may try in a minute. */
  cap: number;
  requests: number;
  /** Let through to the password, of the address that got most and of the one that got least, in their one window. */
  most: number;
  least: number;
  /** Let through in all, and passwords compared: the same. */
  admitted: number;
  compared: number;
  /** Answers that were neither a refused sign-in nor one too many. */
  unclean: string[];
};

/** No window let through more than twice its cap, and each its part at least; nothing broke meanwhile. */
export function limitsHeld({
  cap,
  most,
  least,
  admitted,
  compared,
  unclean,
  servers,
}: LimitsReport): boolean {
  const part = Math.floor(cap / servers);
  return most <= 2 * cap && least >= part && admitted === compared && unclean.length === 0;
}

class CountingHasher extends PasswordHasher {
  compared = 0;
  constructor() {
    super({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });
  }
  override verify(...input: Parameters<PasswordHasher['verify']>): ReturnType<PasswordHasher['verify']> {
    this.compared += 1;
    return super.verify(...input);
  }
}

export type LimitsPlan = {
  seed: number;
  rounds: number;
  /** in each round */
  kills: number;
  /** Addresses that sign in at once, from each server two at a time. */
  callers: number;
  onLog?: (line: string) => void;
};

const servers = 3;
const cap = 10;

/**
 * Kills Redis and starts it again, empty, while the same addresses try to sign in on several servers. A round takes less
 * than a window, so all that one address gets in a round, it got in one.
 */
export async function killRedisUnderLoad(plan: LimitsPlan): Promise<LimitsReport> {
  const { seed, rounds, onLog = () => {} } = plan;
  const random = seeded(seed);
  const redis = await startRedis();
  const passwords = new CountingHasher();
  const started = await startServers(redis.url, passwords);
  const report: LimitsReport = {
    seed,
    servers,
    rounds,
    kills: 0,
    cap,
    requests: 0,
    most: 0,
    least: Infinity,
    admitted: 0,
    compared: 0,
    unclean: [],
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a round has its own addresses, and so its own windows
      await runRound({ round, redis, random, urls: started.urls, plan, report });
      onLog(`round ${round + 1}: ${report.requests} requests, at most ${report.most} of ${cap} let through`);
    }
  } finally {
    await started.close();
    await redis.kill();
  }
  return { ...report, compared: passwords.compared };
}

type Round = {
  round: number;
  redis: RedisServer;
  random: () => number;
  urls: readonly string[];
  plan: LimitsPlan;
  report: LimitsReport;
};

async function runRound({ round, redis, random, urls, plan, report }: Round): Promise<void> {
  const admitted = new Map(
    Array.from({ length: plan.callers }, (_, index) => [`198.18.${round}.${index + 1}`, 0]),
  );
  const begun = performance.now();
  let answers = 0;
  let wake = (): void => {};
  let over = false;
  const call = async (ip: string, url: string): Promise<void> => {
    while (!over) {
      // oxlint-disable-next-line no-await-in-loop -- one caller, one request after the other
      const answer = await attempt(url, ip);
      if (answer === 401) admitted.set(ip, (admitted.get(ip) ?? 0) + 1);
      else if (answer !== 429) report.unclean.push(`${answer}`);
      answers += 1;
      wake();
    }
  };
  const answered = async (count: number): Promise<void> => {
    const until = answers + count;
    // oxlint-disable-next-line no-await-in-loop -- until so many are answered
    while (answers < until) await new Promise<void>((resolve) => void (wake = resolve));
  };
  const load = [...admitted.keys()].flatMap((ip) => urls.flatMap((url) => [call(ip, url), call(ip, url)]));
  const some = (): number => 5 + Math.floor(random() * 150);
  for (let kill = 0; kill < plan.kills; kill += 1) {
    // oxlint-disable no-await-in-loop -- one after the other
    await answered(some());
    await redis.kill();
    report.kills += 1;
    await answered(some());
    await redis.restart();
    // oxlint-enable no-await-in-loop
  }
  await answered(200);
  over = true;
  await Promise.all(load);
  if (performance.now() - begun > 50_000) report.unclean.push('the round took as long as a window');
  const counts = [...admitted.values()];
  report.requests += answers;
  report.admitted += counts.reduce((sum, count) => sum + count, 0);
  report.most = Math.max(report.most, ...counts);
  report.least = Math.min(report.least, ...counts);
}

async function attempt(url: string, ip: string): Promise<number | string> {
  const response = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': ip },
    // Another address each time: what limits is where the call comes from.
    body: JSON.stringify({ email: `${randomUUID()}@fault.example`, password: 'a guess of some length' }),
  });
  const text = await response.text();
  return response.status === 401 || response.status === 429 ? response.status : `${response.status}: ${text}`;
}

async function startServers(redis: string, passwords: PasswordHasher) {
  const database = await createTestDatabase();
  const config = testConfig(database, {
    http: { trustedProxies: ['127.0.0.1'] },
    mail: { sink: false },
    database: { identityConnections: 4 },
    limits: { enabled: true, servers },
    redis: { url: redis, timeout: 2000 },
  });
  const started: Server[] = [];
  for (let index = 0; index < servers; index += 1) {
    const server = createServer(config, [], { logStream: { write: () => {} }, identity: { passwords } });
    started.push(server);
    // oxlint-disable-next-line no-await-in-loop -- the first one migrates
    await server.listen();
  }
  return {
    urls: started.map(({ address }) => `http://127.0.0.1:${address?.port}`),
    close: async () => {
      await Promise.all(started.map((server) => server.close({ force: true })));
      await database.drop();
    },
  };
}
