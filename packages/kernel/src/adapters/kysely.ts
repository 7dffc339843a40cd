import type { TenantSession } from '../session.ts';
import { SessionPool } from './sessionPool.ts';

/**
 * Kysely's dialect over a session.
 *
 *   import { Kysely, PostgresDialect } from 'kysely';
 *   const db = new Kysely<Tables>({ dialect: kyselyDialect(PostgresDialect, session) });
 *
 * Errors are DataErrors. Streaming needs a cursor that outlives its statement and is not offered.
 * @param PostgresDialect Kysely's own class, handed in so that this package does not depend on Kysely
 */
export function kyselyDialect<Dialect>(
  PostgresDialect: new (config: { pool: SessionPool }) => Dialect,
  session: TenantSession,
): Dialect {
  return new PostgresDialect({ pool: new SessionPool(session) });
}
