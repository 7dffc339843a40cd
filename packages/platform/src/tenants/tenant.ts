import { PlatformError, translating } from '../errors.ts';
import { parseName } from '../name.ts';
import type { TenantSession } from '../tenantSession.ts';

export type Tenant = { id: string; name: string; createdAt: Date };

export type TenantWithPolicy = Tenant & {
  /** Members reach it with two factors only. */
  secondFactorRequired: boolean;
};

/**
 * The tenant of the session's context.
 *
 * @throws PlatformError tenant_missing
 */
export async function readTenant(session: TenantSession): Promise<TenantWithPolicy> {
  const { rows } = await session.query<TenantWithPolicy>(
    `select t.id, t.name, t.created_at as "createdAt",
       coalesce(p.second_factor_required, false) as "secondFactorRequired"
     from tenants.tenant t left join identity.sign_in_policy p on p.tenant_id = t.tenant_id`,
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

/**
 * Asks two factors of everybody who acts in the tenant, or stops asking. It counts for sessions that are there, too, as
 * soon as they are read anew; those that the tenant's own identity provider started are excepted.
 *
 * @throws PlatformError permission_refused: not an owner
 */
export async function requireSecondFactor(
  session: TenantSession,
  { required }: { required: boolean },
): Promise<void> {
  await translating({ membership_authority: 'permission_refused' }, () =>
    session.query('select identity.require_second_factor($1)', [required]),
  );
}

function only<Found extends Tenant>(rows: Found[]): Found {
  const [tenant] = rows;
  if (tenant === undefined) throw new PlatformError('tenant_missing');
  return tenant;
}
