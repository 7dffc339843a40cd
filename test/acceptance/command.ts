import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';

export const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

const page = fileURLToPath(new URL('./page', import.meta.url));

/** Variables of ours that a developer may have set must not decide a test. */
export function cleanEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const own = /^(BULKHEAD_|PG|npm_|NODE_TEST|NODE_OPTIONS|NODE_ENV)/;
  const env = Object.entries(process.env).filter(([name]) => !own.test(name));
  const inherited = Object.fromEntries(env) as Record<string, string>;
  // The console takes seconds to build; only the tests of the console need it.
  return { ...inherited, BULKHEAD_HTTP_CONSOLE: page, ...more };
}

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** The command as a process. */
export type Started = {
  child: ChildProcess;
  pid: number;
  /** Resolves with the first line of stdout, rejects when the process ends before. */
  answer: Promise<string>;
  ended: Promise<Ended>;
};

export type Options = {
  input?: string;
  env?: Record<string, string>;
  folder?: string;
  uid?: number;
};

/** Starts `bulkhead …`. A process of a test that fails is ended with the test. */
export function start(t: TestContext, line: readonly string[], options: Options = {}): Started {
  const child = spawn(process.execPath, [main, ...line], {
    cwd: options.folder ?? tmpdir(),
    env: cleanEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  const answer = Promise.withResolvers<string>();
  answer.promise.catch(() => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const end = stdout.indexOf('\n');
    if (end >= 0) answer.resolve(stdout.slice(0, end));
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      answer.reject(new Error(`ended with ${code ?? signal}: ${stderr}`));
      resolve({ code, signal, stdout, stderr });
    });
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await ended;
  });
  return { child, pid: child.pid ?? 0, answer: answer.promise, ended };
}

/** Runs `bulkhead …` to its end. */
export function bulkhead(t: TestContext, line: readonly string[], options?: Options): Promise<Ended> {
  return start(t, line, options).ended;
}

/** What `bulkhead up --json` says. */
export type UpAnswer = {
  url: string;
  data: string;
  pid: number;
  demo: { tenant: string; signIns: { email: string; password: string; is: string }[] }[];
  phases: Record<string, number>;
};

export type Up = Started & { up: UpAnswer };

/** Starts `bulkhead up --json` on any free port and waits until it answers. */
export async function startUp(
  t: TestContext,
  data: string,
  options: Options & { more?: readonly string[] } = {},
): Promise<Up> {
  const line = ['up', '--json', '--port', '0', '--data', data, ...(options.more ?? [])];
  const started = start(t, line, options);
  return { ...started, up: JSON.parse(await started.answer) as UpAnswer };
}

/** A folder for a test; what is left of it goes with the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-acceptance-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Processes that name the folder on their command line or stand in it. Linux only. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const stands = readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
        return stands || line.includes(folder) ? [`${pid} ${line}`] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

/** Resolves once `holds` is true; rejects after `seconds`. */
export async function until(holds: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Holds a port until the test ends; returns its number. */
export async function takePort(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
