import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cleanEnvironment, main } from '../acceptance/command.ts';
import { signUp, type Client } from './client.ts';
import { pick, seeded } from './randomness.ts';

export type FaultPlan = {
  /** Decides which process is hit, how, and when. */
  readonly seed: number;
  /** Times Postgres is hit. */
  readonly kills: number;
  /** Writers at once. */
  readonly writers: number;
  /** Empty folder for the instance. */
  readonly folder: string;
  readonly onLog?: (line: string) => void;
};

export type FaultReport = {
  readonly seed: number;
  readonly kills: number;
  /** Writes that were answered 201. */
  readonly acknowledged: number;
  /** Of those, how many are in the database afterwards. */
  readonly found: number;
  /** acknowledged - found; must be 0. */
  readonly lost: number;
  /** Writes refused with 503 or cut off: neither promised nor denied. */
  readonly refused: number;
  /** Answers that were no clean refusal; must be empty. */
  readonly unclean: readonly string[];
  /** Writes acknowledged after the last kill; must be above 0. */
  readonly afterLast: number;
  /** Whether the process that serves is the one that was started. */
  readonly survived: boolean;
};

type Tally = { acknowledged: string[]; refused: number; unclean: string[] };

function postmaster(folder: string): number {
  const file = join(folder, 'postgres', 'cluster', 'postmaster.pid');
  return Number.parseInt(readFileSync(file, 'utf8'), 10);
}

/** Server processes for connections: the ones that hold somebody's transaction. */
function backends(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const of = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return of === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('bulkhead_');
      } catch {
        return false;
      }
    });
}

const blows = ['fast stop', 'immediate stop', 'kill server', 'kill back end'] as const;

function strike(folder: string, blow: (typeof blows)[number]): boolean {
  try {
    const server = postmaster(folder);
    if (blow === 'fast stop') return process.kill(server, 'SIGINT');
    if (blow === 'immediate stop') return process.kill(server, 'SIGQUIT');
    if (blow === 'kill server') return process.kill(server, 'SIGKILL');
    const [victim] = backends(server);
    return victim !== undefined && process.kill(victim, 'SIGKILL');
  } catch {
    // It is just being restarted.
    return false;
  }
}

async function write(client: Client, { tally, name }: { tally: Tally; name: string }): Promise<void> {
  const answer = await client.send('POST', '/companies', { name });
  if (answer?.status === 201) tally.acknowledged.push(name);
  else if (answer === undefined || answer.status === 503) tally.refused += 1;
  else tally.unclean.push(`${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
  if (answer?.status !== 201) await wait(50);
}

async function look(url: string): Promise<{ status: number; said: string }> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: response.status, said: await response.text() };
  } catch (error) {
    return { status: 0, said: String(error) };
  }
}

async function ready(url: string): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    const { status, said } = await look(url);
    if (status === 200) return;
    if (Date.now() > end) throw new Error(`the server was not ready again within a minute: ${said}`);
    await wait(100);
  }
}

/** Ready, and not by an answer from before the last blow: readiness is told from a cache of two seconds. */
async function settled(url: string): Promise<void> {
  await wait(2_500);
  await ready(url);
}

async function serve({ folder, onLog }: FaultPlan): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [main, 'up', '--json', '--port', '0', '--data', folder], {
    env: cleanEnvironment({
      BULKHEAD_LOG_LEVEL: 'error',
      BULKHEAD_MAIL_SINK: 'true',
      // One person writes as fast as the server takes it.
      BULKHEAD_LIMITS_ENABLED: 'false',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => onLog?.(text.trimEnd()));
  const [text] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the server did not start'))),
  ])) as [Buffer];
  return { child, url: (JSON.parse(String(text)) as { url: string }).url };
}

async function companies(client: Client): Promise<Set<string>> {
  const answer = await client.send('GET', '/companies');
  if (answer?.status !== 200) throw new Error(`listing answered ${answer?.status}`);
  return new Set((answer.body as { companies: { name: string }[] }).companies.map(({ name }) => name));
}

/** Hits Postgres again and again while writers write, then counts what they were promised and what is there. */
export async function restartPostgresUnderLoad(plan: FaultPlan): Promise<FaultReport> {
  const random = seeded(plan.seed);
  const { child, url } = await serve(plan);
  const tally: Tally = { acknowledged: [], refused: 0, unclean: [] };
  try {
    const client = await signUp(url, 'ada');
    let writing = true;
    const writers = Array.from({ length: plan.writers }, async (_, writer) => {
      for (let count = 0; writing; count += 1) await write(client, { tally, name: `w${writer}-${count}` });
    });
    let kills = 0;
    while (kills < plan.kills) {
      await wait(300 + random() * 1200);
      const blow = pick(random, blows);
      // Postgres 18.4 itself never ends when it is asked for a fast stop while it recovers from a crash: postmaster,
      // checkpointer and io workers stay for good.
      if (blow === 'fast stop') await settled(url);
      if (strike(plan.folder, blow)) {
        kills += 1;
        plan.onLog?.(`${kills}: ${blow}, ${tally.acknowledged.length} acknowledged so far`);
      }
      if (random() < 0.7) await ready(url);
    }
    await ready(url);
    const before = tally.acknowledged.length;
    const enough = Date.now() + 20_000;
    while (tally.acknowledged.length < before + 20 && Date.now() < enough) await wait(50);
    writing = false;
    await Promise.all(writers);
    const there = await companies(client);
    const found = tally.acknowledged.filter((name) => there.has(name)).length;
    const acknowledged = tally.acknowledged.length;
    return {
      seed: plan.seed,
      kills,
      acknowledged,
      found,
      lost: acknowledged - found,
      refused: tally.refused,
      unclean: tally.unclean,
      afterLast: acknowledged - before,
      survived: child.exitCode === null && child.signalCode === null,
    };
  } finally {
    const gone = child.exitCode === null ? once(child, 'exit') : Promise.resolve([]);
    child.kill('SIGINT');
    await gone;
  }
}
