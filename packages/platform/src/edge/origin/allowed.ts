import type { Pool } from 'pg';
import { PlatformError, translating } from '../../errors.ts';
import type { TenantSession } from '../../tenantSession.ts';
import { isOrigin, parseOrigin } from './origin.ts';
import type { Origin } from './origin.ts';

/** A website whose pages may call a tenant's API. */
export type AllowedOrigin = { id: string; origin: Origin; createdAt: Date };

const refusals = {
  membership_authority: 'permission_refused',
  allowed_origin_once: 'origin_exists',
  allowed_origin_limit: 'origin_limit',
  allowed_origin_missing: 'origin_missing',
  allowed_origin_form: 'input_invalid',
} as const;

/** The origins that the context's tenant allows, by name. */
export async function listAllowedOrigins(session: TenantSession): Promise<AllowedOrigin[]> {
  const { rows } = await session.query<AllowedOrigin>(
    'select id, origin, created_at as "createdAt" from edge.allowed_origin where deleted_at is null order by origin',
  );
  return rows;
}

/**
 * Lets pages of an origin call the API of the context's tenant with an API key or a bearer token.
 *
 * @throws PlatformError input_invalid, origin_exists, origin_limit (20), permission_refused
 */
export async function allowOrigin(
  session: TenantSession,
  { origin }: { origin: string },
): Promise<AllowedOrigin> {
  const parsed = parseOrigin(origin);
  const made = await translating(refusals, () =>
    session.query<{ id: string }>('select edge.allow_origin($1) as id', [parsed]),
  );
  const found = (await listAllowedOrigins(session)).find(({ id }) => id === made.rows[0]?.id);
  if (found === undefined) throw new PlatformError('origin_missing');
  return found;
}

/** @throws PlatformError origin_missing, permission_refused */
export async function withdrawOrigin(
  session: TenantSession,
  { originId }: { originId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select edge.withdraw_origin($1)', [originId]));
}

/**
 * Whether any tenant allows an origin, for the answer to a preflight. What can be none is not asked about.
 *
 * @param pool connected as bulkhead_identity
 */
export async function isOriginNamed(pool: Pick<Pool, 'query'>, origin: string): Promise<boolean> {
  if (!isOrigin(origin)) return false;
  const { rows } = await pool.query<{ named: boolean }>('select edge.is_origin_named($1) as named', [origin]);
  return rows[0]?.named === true;
}
