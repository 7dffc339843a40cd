import { chown, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { findBinaries } from './binaries.ts';
import { clusterFolder, createCluster, openCluster } from './dataFolder.ts';
import { EmbeddedError, explainFailure } from './errors.ts';
import { settlePostmasterFile } from './postmasterFile.ts';
import { launch, letGo, runInitdb, shutDown, untilReady, type Launch, type Running } from './process.ts';
import { unprivilegedUser, type SystemUser } from './systemUser.ts';

export type EmbeddedOptions = {
  /** Where the database lives; created when missing. Holds `cluster/` and `password` (mode 0600). */
  dataFolder: string;
  /** TCP port on 127.0.0.1, 1 to 65535. Default: any free one. */
  port?: number;
  /** Also listen on a Unix socket in this folder; its path may have at most 90 bytes. Default: none. */
  socketFolder?: string;
  /** Server settings, e.g. `{ shared_buffers: '256MB' }`. Default: Postgres's own, which are durable. */
  settings?: Readonly<Record<string, string>>;
  /** Folder that holds `postgres` and `initdb`. Default: the npm package with Postgres 18. */
  binFolder?: string;
  /** Seconds, crash recovery included. Default 60. */
  startTimeoutSeconds?: number;
  /** Receives each line that the server writes, and what this module decides on its own. */
  onLog: (line: string) => void;
};

export type AdminConnection = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
};

export type Embedded = {
  /** Superuser connection, in the form that `pg` takes. */
  adminConnection: AdminConnection;
  port: number;
  socketFolder?: string;
  /** Process id of the server. */
  pid: number;
  /** Major version, e.g. 18. */
  major: number;
  /** Settles when the server has ended: with nothing after `stop()`, else with the reason. */
  ended: Promise<EmbeddedError | undefined>;
  /** Stops the server and waits until its processes are gone. May be called more than once. */
  stop: () => Promise<void>;
  /** Does not keep this process alive for the server, which is told to stop when the process ends. */
  unref: () => void;
};

/**
 * Starts a Postgres of our own, creating its data folder on the first call.
 *
 * The npm package's binaries are driven directly instead of through its JavaScript wrapper, because that rejects
 * without a reason, needs a user named "postgres" when run as root, writes the password to a readable file, and ends
 * with the terminal's Ctrl-C before the program that uses it.
 * @throws EmbeddedError
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { onLog } = options;
  const dataFolder = resolve(options.dataFolder);
  const user = unprivilegedUser(clusterFolder(dataFolder));
  const binaries = await findBinaries({
    onLog,
    ...(options.binFolder !== undefined && { binFolder: options.binFolder }),
    ...(user && { user }),
  });
  const place = { dataFolder, user, major: binaries.major };
  const cluster =
    (await openCluster(place)) ??
    (await createCluster(place, (empty) =>
      runInitdb(binaries.initdb, binaries.major, { cluster: empty, user, onLog }),
    ));
  await settlePostmasterFile(cluster.folder, onLog);
  if (options.socketFolder !== undefined) await prepareSocketFolder(options.socketFolder, user);
  const { running, port } = await startOnPort(binaries.postgres, options, { cluster, user, onLog });
  return handle(running, {
    options,
    port,
    folder: cluster.folder,
    password: cluster.password,
    major: binaries.major,
  });
}

async function startOnPort(
  postgres: string,
  options: EmbeddedOptions,
  target: Launch,
): Promise<{ running: Running; port: number }> {
  const timeoutSeconds = options.startTimeoutSeconds ?? 60;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const running = launch(postgres, serverArguments(target.cluster.argument, port, options), target);
    try {
      await untilReady(running, { folder: target.cluster.folder, port, timeoutSeconds });
      return { running, port };
    } catch (error) {
      // Another program may take a free port between our look and the server's.
      const again = options.port === undefined && attempt < 5;
      if (!(again && error instanceof EmbeddedError && error.code === 'port_taken')) throw error;
    }
  }
}

function serverArguments(folder: string, port: number, options: EmbeddedOptions): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: options.socketFolder ?? '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    ...options.settings,
  };
  return ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

type Started = { options: EmbeddedOptions; port: number; folder: string; password: string; major: number };

function handle(running: Running, { options, port, folder, password, major }: Started): Embedded {
  let stopping = false;
  const kill = () => running.child.kill('SIGINT');
  process.once('exit', kill);
  const ended = running.exited.then(() => {
    process.removeListener('exit', kill);
    if (stopping) return undefined;
    return explainFailure({ folder, port, fallback: 'server_ended', log: running.log });
  });
  return {
    adminConnection: { host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' },
    port,
    ...(options.socketFolder !== undefined && { socketFolder: options.socketFolder }),
    pid: running.child.pid!,
    major,
    ended,
    stop: async () => {
      if (!stopping) {
        stopping = true;
        await shutDown(running);
      }
      await ended;
    },
    unref: () => letGo(running),
  };
}

async function prepareSocketFolder(folder: string, user: SystemUser | undefined): Promise<void> {
  if (Buffer.byteLength(join(resolve(folder))) > 90) {
    throw new EmbeddedError(
      'socket_path_too_long',
      `The socket folder ${folder} has more than 90 bytes in its path, the most that Unix sockets allow: choose a shorter one.`,
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (user) await chown(folder, user.uid, user.gid);
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
