import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { startEmbedded, type AdminConnection } from '../../packages/cli/src/embedded/index.ts';
import { claimFolder, folderPrefix, sweepLeftovers } from './sweep.ts';

export type TestServer = {
  admin: AdminConnection;
  /** Major version: 18, or 15 under BULKHEAD_TEST_PG=15. */
  major: number;
  /** Process id of the server, to signal it in fault tests; absent when this process did not start it. */
  pid?: number;
  stop: () => Promise<void>;
};

export type ServerOptions = {
  /** Added to, and overriding, settings that give up durability for speed. */
  settings?: Readonly<Record<string, string>>;
  /** Keep Postgres's durable settings. Default false. */
  durable?: boolean;
  /** 18 or 15. Default: BULKHEAD_TEST_PG, else 18. */
  major?: number;
  /** Where its data goes; kept after `stop`. Default: a new folder, removed at `stop`. */
  dataFolder?: string;
  /** Default: any free one. */
  port?: number;
};

/** How a test runner tells its test processes which server to share. */
export const sharedServerVariable = 'BULKHEAD_TEST_SERVER';

const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };

export function debianBinaries(major: number): string {
  return `/usr/lib/postgresql/${major}/bin`;
}

/** Starts a server that nobody shares. Stop it when you are done; it ends with the process in any case. */
export async function startTestServer(options: ServerOptions = {}): Promise<TestServer> {
  const major = options.major ?? Number(process.env['BULKHEAD_TEST_PG'] ?? 18);
  const dataFolder = options.dataFolder ?? (await temporaryFolder());
  const server = await startEmbedded({
    dataFolder,
    settings: { max_connections: '200', ...(options.durable === true ? {} : fast), ...options.settings },
    onLog: (line) => {
      if (process.env['BULKHEAD_TEST_LOG'] !== undefined) process.stderr.write(`postgres: ${line}\n`);
    },
    ...(options.port !== undefined && { port: options.port }),
    ...(major !== 18 && { binFolder: debianBinaries(major) }),
  });
  server.unref();
  const stop = async () => {
    await server.stop();
    if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
  };
  process.once('beforeExit', () => void stop());
  if (options.dataFolder === undefined) {
    // The last resort of a process that was ended early; a clean shutdown would still be writing there.
    process.once('exit', () => {
      if (!existsSync(dataFolder)) return;
      try {
        process.kill(server.pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
      rmSync(dataFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    });
  }
  return { admin: server.adminConnection, major: server.major, pid: server.pid, stop };
}

async function temporaryFolder(): Promise<string> {
  sweepLeftovers();
  const folder = await mkdtemp(folderPrefix);
  claimFolder(folder);
  // Run as root, Postgres gets another user, who must be able to enter.
  await chmod(folder, 0o711);
  return folder;
}

let shared: Promise<TestServer> | undefined;

/** The server that all test files of a run share; outside of a run, one for this process. */
export function sharedTestServer(): Promise<TestServer> {
  shared ??= openShared();
  return shared;
}

let own: Promise<TestServer> | undefined;

/**
 * One server for all of a test file. For files that make roles, or look at all roles there are: those reach every
 * database of a server. It ends with the process.
 */
export function ownTestServer(): Promise<TestServer> {
  own ??= startTestServer();
  return own;
}

async function openShared(): Promise<TestServer> {
  const given = process.env[sharedServerVariable];
  if (given !== undefined)
    return { ...(JSON.parse(given) as Omit<TestServer, 'stop'>), stop: async () => {} };
  return startTestServer();
}
