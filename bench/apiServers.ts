import { fork } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { PasswordHasher } from '@bulkhead/platform/identity';
import { createServer, type Config } from '@bulkhead/server';
import { fastify } from 'fastify';
import pg from 'pg';
import { itemsModule, newest, order, path } from './itemsModule.ts';
import { startPeer, type PeerInput } from './peerServer.ts';

/** The servers to compare, in a process of their own. */
export type ApiServers = { secured: number; bare: number; peer: number | undefined; stop(): void };

export type ApiServersInput = {
  config: Config;
  /** for the bare server, whose role no policy holds */
  bare: pg.PoolConfig;
  /** for the server built the usual way; absent: there is none */
  peer?: PeerInput;
};

/** The request of the bare server names its tenant and company itself, as services without a kernel let it. */
async function startBare(connection: pg.PoolConfig): Promise<number> {
  const pool = new pg.Pool(connection);
  const app = fastify();
  const text = `${newest} where tenant_id = $1 and company_id = $2 and deleted_at is null ${order}`;
  app.get(path, async (request) => {
    const { rows } = await pool.query(text, [
      request.headers['bulkhead-tenant'],
      request.headers['bulkhead-company'],
    ]);
    return { items: rows as unknown[] };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

async function serve({ config, bare, peer }: ApiServersInput): Promise<void> {
  // Those who call have signed in before the clock runs.
  const passwords = new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });
  const server = createServer(config, [itemsModule], { identity: { passwords } });
  const { port } = await server.listen();
  process.send?.({
    secured: port,
    bare: await startBare(bare),
    peer: peer === undefined ? undefined : await startPeer(peer),
  });
}

/** Logs go where standard output goes: into nothing, by the writes that a server makes. */
export function startApiServers(input: ApiServersInput): Promise<ApiServers> {
  const child = fork(fileURLToPath(import.meta.url), ['serve'], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the servers ended with ${code}`)));
    child.once('message', (ports: Omit<ApiServers, 'stop'>) => {
      resolve({ ...ports, stop: () => child.kill('SIGKILL') });
    });
    child.send(input);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  process.once('disconnect', () => process.exit(0));
  process.once('message', (input) => void serve(input as ApiServersInput));
}
