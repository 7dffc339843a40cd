import { operatorPermissions, readOperatorEntry } from '@bulkhead/platform/access';
import type { ModuleAccess, OperatorEntry } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import type { IdentityDependencies, Session } from '@bulkhead/platform/identity';
import type { Program } from './apiKeys.ts';
import { readId } from './placement.ts';

/** The live stay of a session's operator in a tenant; null when there is none. */
export type ReadStay = (session: Session, tenant: string) => Promise<OperatorEntry | null>;

/** A session that a tenant's own provider started is nobody's beyond that tenant: least of all an operator's. */
export function mayOperate({ account, confinedTo }: Session): boolean {
  return account.operator && confinedTo === null;
}

/** Reads stays anew each time: a tenant that shows an operator out means now. */
export function createStayReader(identity: IdentityDependencies): ReadStay {
  return async (session, tenantId) => {
    if (!mayOperate(session)) return null;
    return readOperatorEntry(identity, { accountId: session.account.id, tenantId });
  };
}

type OperatorPlacing = {
  readStay: ReadStay;
  access: readonly ModuleAccess[];
  /** Throws unless the session was proved lately, and strongly enough for its account. */
  assertFreshProof: (session: Session) => Promise<void>;
};

/**
 * Where an operator acts who is no member of the tenant that the request names; undefined: nowhere.
 *
 * @throws PlatformError step_up_required, second_factor_required: the tenant asks two factors of whoever acts in it
 */
export async function placeOperator(
  session: Session,
  named: string | undefined,
  { readStay, access, assertFreshProof }: OperatorPlacing,
): Promise<Program | undefined> {
  if (named === undefined || !mayOperate(session)) return undefined;
  const tenant = readId(named, 'bulkhead-tenant');
  if (session.memberships.some(({ tenantId }) => tenantId === tenant)) return undefined;
  const stay = await readStay(session, tenant);
  if (stay === null) return undefined;
  if (stay.secondFactorRequired && !session.methods.includes('mfa')) {
    await assertFreshProof(session);
    throw new PlatformError('second_factor_required');
  }
  const { id, name } = session.account;
  return {
    actor: { kind: 'operator', id, name },
    tenant,
    permissions: operatorPermissions(stay.mode, access),
    companyIds: null,
  };
}
