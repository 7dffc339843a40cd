import type { TenantSession } from '../session.ts';
import { SessionPool } from './sessionPool.ts';

/**
 * The client of Drizzle's node-postgres driver over a session.
 *
 *   import { drizzle } from 'drizzle-orm/node-postgres';
 *   const db = drizzle({ client: drizzleClient(session), schema });
 *
 * Drizzle wraps errors in DrizzleQueryError, whose `cause` is the DataError.
 */
export function drizzleClient(session: TenantSession): SessionPool {
  return new SessionPool(session);
}
