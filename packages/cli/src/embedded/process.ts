import { spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cluster } from './dataFolder.ts';
import { EmbeddedError, explainFailure } from './errors.ts';
import type { SystemUser } from './systemUser.ts';

export type Launch = { cluster: Cluster; user: SystemUser | undefined; onLog: (line: string) => void };

/** A child process with the last lines it wrote. */
export type Running = { child: ChildProcess; log: string[]; exited: Promise<number | null> };

const keptLines = 40;

/**
 * Starts a Postgres program inside the cluster's folder. It gets a process group of its own, so that Ctrl-C at the
 * terminal reaches this program only, which ends the database after the requests that still need it.
 */
export function launch(program: string, args: string[], { cluster, user, onLog }: Launch): Running {
  const child = spawn(program, args, {
    cwd: cluster.folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...user,
  });
  const log: string[] = [];
  const keep = (line: string) => {
    log.push(line);
    if (log.length > keptLines) log.shift();
    onLog(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', keep);
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      keep(`error: ${error.message}`);
      resolve(null);
    });
  });
  return { child, log, exited };
}

/** @throws EmbeddedError disk_full, data_folder_unwritable, initdb_failed */
export async function runInitdb(initdb: string, major: number, options: Launch): Promise<void> {
  const { cluster, user } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-initdb-'));
  const passwordFile = join(folder, 'password');
  try {
    await writeFile(passwordFile, cluster.password, { mode: 0o600 });
    for (const path of user ? [passwordFile, folder] : []) await chown(path, user!.uid, user!.gid);
    const { log, exited } = launch(initdb, initdbArguments(cluster, passwordFile, major), options);
    if ((await exited) !== 0) {
      throw explainFailure({ folder: cluster.folder, port: 0, fallback: 'initdb_failed', log });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function initdbArguments(cluster: Cluster, passwordFile: string, major: number): string[] {
  // Text must sort and fold the same on every machine: from 17 on Postgres has that built in.
  const locale =
    major >= 17
      ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
      : ['--locale=C.UTF-8'];
  return [
    `--pgdata=${cluster.argument}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    ...locale,
    '--data-checksums',
    '--no-instructions',
  ];
}

type Readiness = { folder: string; port: number; timeoutSeconds: number };

/** Resolves when the server accepts connections. @throws EmbeddedError when it ended or took too long */
export async function untilReady(
  running: Running,
  { folder, port, timeoutSeconds }: Readiness,
): Promise<void> {
  const { child, log, exited } = running;
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<'ready'>((resolve) => {
    const lines = createInterface({ input: child.stderr! });
    lines.on('line', (line) => {
      if (line.includes('database system is ready to accept connections')) resolve('ready');
    });
  });
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutSeconds * 1000);
  });
  const outcome = await Promise.race([ready, late, exited.then(() => 'ended' as const)]);
  clearTimeout(timer);
  if (outcome === 'ended') throw explainFailure({ folder, port, fallback: 'start_failed', log });
  if (outcome === 'late') {
    await shutDown(running);
    throw new EmbeddedError(
      'start_timeout',
      `The database in ${folder} was not ready after ${timeoutSeconds} seconds: if it is recovering from a crash, start again with a longer limit.`,
      { log },
    );
  }
}

/** Lets this process end although the server runs. */
export function letGo({ child }: Running): void {
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref();
}

/** Fast shutdown (open transactions are rolled back, everything is written), at once if that takes over a minute. */
export async function shutDown({ child, exited }: Running): Promise<void> {
  child.ref();
  child.kill('SIGINT');
  const force = setTimeout(() => child.kill('SIGQUIT'), 60_000);
  await exited;
  clearTimeout(force);
}
