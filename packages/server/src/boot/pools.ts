import { ContextSealer, TenantPool } from '@bulkhead/kernel';
import pg from 'pg';
import type { Pool } from 'pg';

import type { Config } from '../config/schema.ts';
import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { connectionOf } from './connections.ts';

/** Every connection a server holds. The owner's is not among them. */
export type Pools = {
  /** The tenants' data; nothing runs through it without a context. */
  tenants: TenantPool;
  /** Look-ups before a tenant is known. */
  identity: Pool;
  /** Cross-tenant duties; absent when this server runs none. */
  worker: Pool | undefined;
  /** One connection as bulkhead_app, for the start-up and readiness checks alone. */
  inspection: Pool;
  sealer: ContextSealer;
  close: () => Promise<void>;
};

/** Opens nothing yet: the pools connect when they are first used. */
export function createPools(
  config: Pick<Config, 'database' | 'context'>,
  { log, clock, secrets }: { log: Log; clock: () => number; secrets?: Pick<Secrets, 'latest'> | undefined },
): Pools {
  const { database, context } = config;
  const connectionLost = (pool: string) => (error: unknown) =>
    log.warn({ event: 'connection_lost', pool, error: describeError(error) });
  // Asked with each new connection, so that a password that was changed is used at once.
  const connectionAs = (role: 'app' | 'identity' | 'worker'): pg.PoolConfig => {
    const connection = connectionOf(database, role);
    const { password } = connection;
    if (secrets === undefined || typeof password !== 'string') return connection;
    const setting = `database.${role}Password`;
    return { ...connection, password: async () => (await secrets.latest(setting)) ?? password };
  };
  const sealer = new ContextSealer({ key: { id: context.keyId, secret: context.key }, clock });
  const tenants = new TenantPool({
    connection: { ...connectionAs('app'), max: database.appConnections },
    sealer,
    statements: database.statements,
    events: {
      connectionLost: connectionLost('tenants'),
      crossTenantRows: (found) => log.error({ event: 'cross_tenant_rows', ...found }),
    },
  });
  const identity = plainPool({
    connection: { ...connectionAs('identity'), max: database.identityConnections },
    onLost: connectionLost('identity'),
  });
  const worker =
    database.workerPassword === undefined
      ? undefined
      : plainPool({
          connection: { ...connectionAs('worker'), max: database.workerConnections },
          onLost: connectionLost('worker'),
        });
  const inspection = plainPool({
    connection: { ...connectionAs('app'), max: 1 },
    onLost: connectionLost('inspection'),
  });
  const close = async () => {
    await Promise.all([tenants.close(), identity.end(), worker?.end(), inspection.end()]);
  };
  return { tenants, identity, worker, inspection, sealer, close };
}

/** A pool that survives a restart of Postgres: without listeners the lost connection's error would end the process (T-70). */
function plainPool(options: { connection: pg.PoolConfig; onLost: (error: unknown) => void }): Pool {
  const pool = new pg.Pool(options.connection);
  pool.on('error', options.onLost);
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
