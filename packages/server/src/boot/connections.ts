import type { PoolConfig } from 'pg';
import type { Config } from '../config/schema.ts';

/** The roles this process connects as. */
export type ConnectionRole = 'app' | 'identity' | 'worker' | 'auditor' | 'owner';

/**
 * How to connect as one of the roles.
 *
 * @throws {Error} for `owner`, `worker` and `auditor` when the configuration has no password of theirs
 */
export function connectionOf(database: Config['database'], role: ConnectionRole): PoolConfig {
  return {
    host: database.host,
    port: database.port,
    database: database.name,
    user: `bulkhead_${role}`,
    password: passwordOf(database, role),
    application_name: `bulkhead-server-${role}`,
    connectionTimeoutMillis: database.connectTimeout,
    ...(database.tls === 'off'
      ? {}
      : {
          ssl: { rejectUnauthorized: true, ...(database.tlsCa === undefined ? {} : { ca: database.tlsCa }) },
        }),
  };
}

function passwordOf(database: Config['database'], role: ConnectionRole): string {
  const { appPassword, identityPassword, ownerPassword, workerPassword } = database;
  if (role === 'app') return appPassword;
  if (role === 'identity') return identityPassword;
  if (role === 'worker') {
    if (workerPassword === undefined) {
      throw new Error(
        'Duties need the worker: set database.workerPassword (BULKHEAD_DATABASE_WORKER_PASSWORD).',
      );
    }
    return workerPassword;
  }
  if (role === 'auditor') {
    if (database.auditorPassword === undefined) {
      throw new Error(
        'Checking the audit log needs its auditor: set database.auditorPassword (BULKHEAD_DATABASE_AUDITOR_PASSWORD).',
      );
    }
    return database.auditorPassword;
  }
  if (ownerPassword === undefined) {
    throw new Error(
      'Migrating needs the owner: set database.ownerPassword (BULKHEAD_DATABASE_OWNER_PASSWORD).',
    );
  }
  return ownerPassword;
}
