import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { unprivilegedUser, type SystemUser } from '../../packages/cli/src/embedded/systemUser.ts';
import type { Connection } from './database.ts';

const program = '/usr/sbin/pgbouncer';

/** Why tests through PgBouncer cannot run here, for `node:test`'s `skip`; false when they can. */
export const pgbouncerMissing: string | false = existsSync(program) ? false : `${program} is not installed`;

export type Pgbouncer = {
  /** The same role and database through the pooler. */
  connection: Connection;
  /** e.g. `1.18.0` */
  version: string;
  stop: () => Promise<void>;
};

export type PgbouncerOptions = {
  /** connections to Postgres at most; default 2, so that clients share them at once */
  poolSize?: number;
};

/** Starts Debian's PgBouncer in transaction mode in front of one role of one database, on a free port. */
export async function startPgbouncer(target: Connection, options: PgbouncerOptions = {}): Promise<Pgbouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-pgbouncer-'));
  const user = unprivilegedUser(folder);
  const port = await freePort();
  const settings = configuration(target, { ...options, folder, port });
  await own(join(folder, 'users.txt'), `"${target.user}" "${target.password}"\n`, user);
  await own(join(folder, 'pgbouncer.ini'), settings, user);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const child = spawn(program, [join(folder, 'pgbouncer.ini')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, port);
  } catch (error) {
    await stop();
    throw error;
  }
  child.unref();
  const version = /\d+\.\d+\.\d+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
  return { connection: { ...target, host: '127.0.0.1', port }, version, stop };
}

function configuration(
  target: Connection,
  place: PgbouncerOptions & { folder: string; port: number },
): string {
  return `[databases]
${target.database} = host=${target.host} port=${target.port} dbname=${target.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${place.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(place.folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${place.poolSize ?? 2}
max_client_conn = 500
`;
}

async function own(path: string, content: string, user: SystemUser | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  chmodSync(path, 0o600);
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** PgBouncer says on stderr when it listens. */
function ready(child: ChildProcess, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`pgbouncer ended: ${lines.join('\n')}`)));
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('process up')) reach(port).then(resolve, reject);
    });
  });
}

function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    // An unreferenced child would let this process end while it waits.
    child.ref();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
