import type { PoolConfig } from 'pg';
import type { Config } from '../config/schema.ts';

/** The roles this process connects as. */
export type ConnectionRole = 'app' | 'identity' | 'owner';

/**
 * How to connect as one of the roles.
 *
 * @throws {Error} for `owner` when the configuration has no password of the owner
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
  const { appPassword, identityPassword, ownerPassword } = database;
  if (role === 'app') return appPassword;
  if (role === 'identity') return identityPassword;
  if (ownerPassword === undefined) {
    throw new Error(
      'Migrating needs the owner: set database.ownerPassword (BULKHEAD_DATABASE_OWNER_PASSWORD).',
    );
  }
  return ownerPassword;
}
