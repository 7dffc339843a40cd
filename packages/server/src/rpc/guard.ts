import type { TenantPool } from '@bulkhead/kernel';
import { permissionsOf } from '@bulkhead/platform/access';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import type { Session } from '@bulkhead/platform/identity';
import type { ProcedureMeta } from '../contract/index.ts';
import type { AssertOrigin } from '../crossOrigin/guard.ts';
import type { Program, ReadProgram } from '../session/apiKeys.ts';
import { mayOperate, placeOperator } from '../session/operators.ts';
import type { ReadStay } from '../session/operators.ts';
import { assertTenant, chooseCompany, chooseMembership } from '../session/placement.ts';
import type { Membership } from '../session/placement.ts';
import type { PlatformContext, PublicContext, SignedInContext } from './context.ts';
import { recordPermissionRefusal, recordRefusal } from './refusalEntry.ts';
import type { RequestScope } from './scope.ts';

/** Decides whether a request may run a procedure, and with which context. */
export type Guard = (
  meta: Partial<ProcedureMeta>,
  scope: RequestScope,
) => Promise<PublicContext | SignedInContext | PlatformContext>;

export type GuardOptions = {
  db: Pick<TenantPool, 'as'>;
  access: readonly ModuleAccess[];
  readProgram: ReadProgram;
  readStay: ReadStay;
  assertOrigin: AssertOrigin;
  /** Throws unless the session was proved lately, and strongly enough for its account. */
  assertFreshProof: (session: Session) => Promise<void>;
};

/**
 * The guard in front of every procedure: session, membership, company, permission, sealed
 * context, and the fresh proof that a dangerous procedure asks for, in this order. Nothing of it looks at the input.
 */
export function createGuard(options: GuardOptions): Guard {
  const permissionsFor = rememberPermissions(options.access);
  const placeMember = async (signedIn: Session, named: string | undefined): Promise<Program> => {
    const membership = chooseMembership(signedIn, named);
    if (membership.secondFactorDue) {
      // Whoever has a factor is asked for it; who has none is told to add one.
      await options.assertFreshProof(signedIn);
      throw new PlatformError('second_factor_required');
    }
    const { id, name } = signedIn.account;
    return {
      actor: { kind: 'account', id, name },
      tenant: membership.tenantId,
      permissions: permissionsFor(membership),
      companyIds: membership.companyIds,
    };
  };
  return async (meta, scope) => {
    const { permission } = meta;
    if (permission === 'public') return { scope };
    if (scope.apiKey !== undefined) {
      const placed = await placeProgram(meta, scope, options);
      await options.assertOrigin(scope, placed);
      return { ...place(options.db, { meta, scope, placed }), requireStepUp: refuseProgram };
    }
    const signedIn = await liveSession(meta, scope);
    if (signedIn === null) throw new PlatformError('signed_out');
    const requireStepUp = (): Promise<void> => options.assertFreshProof(signedIn);
    if (permission === 'signed-in') {
      // A provider vouches for its own tenant: whoever holds it must not thereby hold the account.
      if (signedIn.confinedTo !== null && meta.confined !== true) {
        throw new PlatformError('single_sign_on_confined');
      }
      if (meta.operator === true && !mayOperate(signedIn)) throw new PlatformError('permission_refused');
      if (meta.stepUp === true) await requireStepUp();
      return { scope, signedIn };
    }
    const named = scope.placement.tenant;
    const placed = (await placeOperator(signedIn, named, options)) ?? (await placeMember(signedIn, named));
    await options.assertOrigin(scope, placed);
    await recordPermissionRefusal(options.db, { meta, scope, placed });
    const context = place(options.db, { meta, scope, placed });
    // Last of all: whoever may not do it anyway is not asked to prove anything.
    if (meta.stepUp === true) await requireStepUp();
    return { ...context, requireStepUp };
  };
}

/** A program cannot prove that it is anybody. */
function refuseProgram(): Promise<never> {
  return Promise.reject(new PlatformError('api_key_unfit'));
}

/** A program acts in its own tenant alone, and never where a person must prove who they are. */
async function placeProgram(
  meta: Partial<ProcedureMeta>,
  scope: RequestScope,
  { readProgram, db }: { readProgram: ReadProgram; db: Pick<TenantPool, 'as'> },
): Promise<Program> {
  const { permission, stepUp } = meta;
  if (scope.token !== undefined) throw new PlatformError('credentials_ambiguous');
  const program = await readProgram(scope.apiKey ?? '', scope);
  await recordRefusal(db, { meta, scope, placed: program });
  if (permission === 'signed-in' || stepUp === true) throw new PlatformError('api_key_unfit');
  assertTenant(program.tenant, scope.placement.tenant);
  return program;
}

/** An operator, and whoever does something dangerous, is looked up anew: an end made elsewhere counts at once. */
async function liveSession(meta: Partial<ProcedureMeta>, scope: RequestScope): Promise<Session | null> {
  if (meta.stepUp === true || meta.operator === true) return scope.freshSession();
  const session = await scope.session();
  return session?.account.operator === true ? scope.freshSession() : session;
}

function place(
  db: Pick<TenantPool, 'as'>,
  { meta, scope, placed }: { meta: Partial<ProcedureMeta>; scope: RequestScope; placed: Program },
): Omit<PlatformContext, 'requireStepUp'> {
  const { actor, tenant, permissions, companyIds } = placed;
  scope.outcome.tenant = tenant;
  if (meta.permission === undefined || !permissions.has(meta.permission)) {
    throw new PlatformError('permission_refused');
  }
  const company = chooseCompany(placed, {
    named: scope.placement.company,
    scope: meta.scope ?? 'company',
  });
  const session = db.as(
    { tenant, company, actor: { kind: actor.kind, id: actor.id } },
    { id: scope.id, ip: scope.ip, userAgent: scope.userAgent },
  );
  return {
    session,
    tenant,
    ...(company === undefined ? {} : { company }),
    actor,
    permissions,
    requestId: scope.id,
    companyIds,
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
