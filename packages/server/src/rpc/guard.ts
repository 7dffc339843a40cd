import type { TenantPool } from '@bulkhead/kernel';
import { permissionsOf } from '@bulkhead/platform/access';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import type { Session } from '@bulkhead/platform/identity';
import type { ProcedureMeta } from '../contract/index.ts';
import type { Account } from '../module.ts';
import { chooseCompany, chooseMembership } from '../session/placement.ts';
import type { Membership } from '../session/placement.ts';
import type { PlatformContext, PublicContext, SignedInContext } from './context.ts';
import type { RequestScope } from './scope.ts';

/** Decides whether a request may run a procedure, and with which context. */
export type Guard = (
  meta: Partial<ProcedureMeta>,
  scope: RequestScope,
) => Promise<PublicContext | SignedInContext | PlatformContext>;

/**
 * The guard in front of every procedure: session, membership, company, permission, sealed
 * context, in this order. Nothing of it looks at the input.
 */
export function createGuard(options: { db: Pick<TenantPool, 'as'>; access: readonly ModuleAccess[] }): Guard {
  const permissionsFor = rememberPermissions(options.access);
  return async (meta, scope) => {
    const { permission } = meta;
    if (permission === 'public') return { scope };
    const signedIn = await liveSession(meta, scope);
    if (signedIn === null) throw new PlatformError('signed_out');
    if (permission === 'signed-in') return { scope, signedIn };
    const membership = chooseMembership(signedIn, scope.placement.tenant);
    scope.outcome.tenant = membership.tenantId;
    const permissions = permissionsFor(membership);
    if (permission === undefined || !permissions.has(permission)) {
      throw new PlatformError('permission_refused');
    }
    const company = chooseCompany(membership, {
      named: scope.placement.company,
      scope: meta.scope ?? 'company',
    });
    const placed = { membership, company, permissions };
    return place(options.db, { scope, signedIn, placed });
  };
}

/** An operator, and whoever does something dangerous, is looked up anew: an end made elsewhere counts at once. */
async function liveSession(meta: Partial<ProcedureMeta>, scope: RequestScope): Promise<Session | null> {
  if (meta.stepUp === true) return scope.freshSession();
  const session = await scope.session();
  return session?.account.operator === true ? scope.freshSession() : session;
}

type Placed = {
  membership: Membership;
  company: string | undefined;
  permissions: ReadonlySet<string>;
};

function place(
  db: Pick<TenantPool, 'as'>,
  { scope, signedIn, placed }: { scope: RequestScope; signedIn: Session; placed: Placed },
): PlatformContext {
  const { membership, company, permissions } = placed;
  const tenant = membership.tenantId;
  const account: Account = signedIn.account;
  const session = db.as(
    { tenant, company, actor: { kind: 'account', id: account.id } },
    { id: scope.id, ip: scope.ip, userAgent: scope.userAgent },
  );
  return {
    session,
    tenant,
    ...(company === undefined ? {} : { company }),
    account,
    permissions,
    requestId: scope.id,
    membership,
  };
}

/** Permissions follow from the membership, and a cached session keeps its membership objects. */
function rememberPermissions(
  access: readonly ModuleAccess[],
): (membership: Membership) => ReadonlySet<string> {
  const known = new WeakMap<Membership, ReadonlySet<string>>();
  return (membership) => {
    const found = known.get(membership);
    if (found !== undefined) return found;
    const permissions = permissionsOf(membership, access);
    known.set(membership, permissions);
    return permissions;
  };
}
