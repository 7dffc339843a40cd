import { PlatformError } from '../errors.ts';
import { parseName } from '../name.ts';
import type { TenantSession } from '../tenantSession.ts';

export type Tenant = { id: string; name: string; createdAt: Date };

/**
 * The tenant of the session's context.
 *
 * @throws PlatformError tenant_missing
 */
export async function readTenant(session: TenantSession): Promise<Tenant> {
  const { rows } = await session.query<Tenant>(
    'select id, name, created_at as "createdAt" from tenants.tenant',
  );
  return only(rows);
}

/** @throws PlatformError input_invalid, tenant_missing */
export async function renameTenant(session: TenantSession, { name }: { name: string }): Promise<Tenant> {
  const { rows } = await session.query<Tenant>(
    'update tenants.tenant set name = $1 where deleted_at is null returning id, name, created_at as "createdAt"',
    [parseName(name, 'name')],
  );
  return only(rows);
}

function only(rows: Tenant[]): Tenant {
  const [tenant] = rows;
  if (tenant === undefined) throw new PlatformError('tenant_missing');
  return tenant;
}
