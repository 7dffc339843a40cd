import { translating } from '../../errors.ts';
import type { IdentityDependencies } from '../../identity/dependencies.ts';
import { noTenant } from '../../identity/noTenant.ts';
import type { TenantSession } from '../../tenantSession.ts';
import { platformAccess, type ModuleAccess } from '../permission.ts';

/** `read`: look only. `change`: change data too; never members, roles, keys or how people sign in. */
export type OperatorMode = 'read' | 'change';

/** An operator's live stay in a tenant. */
export type OperatorEntry = {
  id: string;
  mode: OperatorMode;
  /** Why, as the tenant reads it. */
  reason: string;
  operatorName: string;
  tenantName: string;
  expiresAt: Date;
  /** The tenant is reached only by sessions in which two factors were proved; an operator's too. */
  secondFactorRequired: boolean;
};

/** A stay as the tenant sees it. */
export type OperatorVisit = Omit<OperatorEntry, 'tenantName' | 'secondFactorRequired'> & {
  enteredAt: Date;
  /** When it was ended before its time; null: it was not. */
  endedAt: Date | null;
};

const refusals = {
  operator_entry_operator: 'permission_refused',
  membership_authority: 'permission_refused',
  operator_entry_reason_length: 'input_invalid',
  operator_entry_life: 'input_invalid',
  operator_entry_live_unique: 'operator_entered',
  operator_entry_missing: 'operator_entry_missing',
} as const;

/**
 * Lets an operator into a tenant. The stay is a row of the tenant's: its audit log and its pages show it from the same
 * moment on.
 *
 * @param session sealed for the tenant and the operator as actor
 * @param wanted.reason 10 to 500 characters, for the tenant to read
 * @param wanted.minutes 1 to 240
 * @throws PlatformError permission_refused (no operator, or no longer), operator_entered, input_invalid
 */
export async function enterTenant(
  session: TenantSession,
  { reason, mode, minutes }: { reason: string; mode: OperatorMode; minutes: number },
): Promise<{ entryId: string; expiresAt: Date }> {
  const { rows } = await translating(refusals, () =>
    session.query<{ entryId: string; expiresAt: Date }>(
      `select entry_id as "entryId", expires_at as "expiresAt"
       from identity.enter_tenant($1, $2, $3 * interval '1 minute')`,
      [reason, mode, minutes],
    ),
  );
  const [entry] = rows;
  if (entry === undefined) throw new Error('identity.enter_tenant answered nothing');
  return entry;
}

/**
 * Ends a stay early: by its operator, or by an owner or admin of the tenant.
 *
 * @throws PlatformError operator_entry_missing, permission_refused
 */
export async function endOperatorEntry(
  session: TenantSession,
  { entryId }: { entryId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select identity.end_operator_entry($1)', [entryId]));
}

/** Who from the service's staff is, or was, in the context's tenant; the latest first, 200 at most. */
export async function listOperatorVisits(session: TenantSession): Promise<OperatorVisit[]> {
  const { rows } = await session.query<OperatorVisit>(
    `select id, mode, reason, operator_name as "operatorName", expires_at as "expiresAt", created_at as "enteredAt",
       ended_at as "endedAt"
     from identity.operator_entry order by created_at desc, id limit 200`,
  );
  return rows;
}

type Looking = Pick<IdentityDependencies, 'pool' | 'sealer'>;

/** The operator's live stay in a tenant, or null: read anew each time, so that an end counts at once. */
export async function readOperatorEntry(
  { pool, sealer }: Looking,
  { accountId, tenantId }: { accountId: string; tenantId: string },
): Promise<OperatorEntry | null> {
  const context = sealer.seal({ tenant: tenantId, actor: { kind: 'operator', id: accountId } });
  const { rows } = await pool.query<OperatorEntry>(
    `select id, mode, reason, operator_name as "operatorName", expires_at as "expiresAt", tenant_name as "tenantName",
       second_factor_required as "secondFactorRequired"
     from identity.operator_entry_of_context($1)`,
    [context],
  );
  return rows[0] ?? null;
}

/** Tenants whose name holds `part`, for an operator; none for anybody else. 50 at most, by name. */
export async function findTenants(
  { pool, sealer }: Looking,
  { accountId, part }: { accountId: string; part: string },
): Promise<{ id: string; name: string }[]> {
  const context = sealer.seal({ tenant: noTenant, actor: { kind: 'operator', id: accountId } });
  const { rows } = await pool.query<{ id: string; name: string }>(
    'select id, name from identity.find_tenants($1, $2)',
    [context, part],
  );
  return rows;
}

/**
 * What an operator may do during a stay: the tenant's own people decide who belongs to it, how they sign in, and where its
 * data is sent.
 */
export function operatorPermissions(
  mode: OperatorMode,
  modules: readonly ModuleAccess[],
): ReadonlySet<string> {
  const reads = (permission: string): boolean => permission.endsWith('.read');
  return new Set(
    modules.flatMap(({ name, permissions }) =>
      permissions.filter((permission) => reads(permission) || (mode === 'change' && !ownMatters.has(name))),
    ),
  );
}

const ownMatters: ReadonlySet<string> = new Set(platformAccess.map(({ name }) => name));
