import type { TenantPool } from '@bulkhead/kernel';
import { DataError } from '@bulkhead/kernel';
import { BatchGuardPlugin } from './batchGuard.ts';
import type { BatchRefusal } from './batchGuard.ts';
import type { DispatchContext } from './dispatch.ts';
import { rpcErrorResponse } from './errors.ts';

/** The batch guard as the server composes it: refusals counted and audited by the kernel. */
export function batchGuardFor(options: {
  db: Pick<TenantPool, 'as'>;
  maxMembers: number;
  onFault: (error: unknown) => void;
}): BatchGuardPlugin<DispatchContext> {
  const { db, maxMembers, onFault } = options;
  return new BatchGuardPlugin<DispatchContext>({
    maxMembers,
    onRefused: (refusal) => recordRefusal(db, refusal).catch(onFault),
    answer: rpcErrorResponse,
  });
}

/** Counts and audits in the request's own tenant; before a sign-in there is none to tell. */
async function recordRefusal(
  db: Pick<TenantPool, 'as'>,
  { scope, tenant, named }: BatchRefusal,
): Promise<void> {
  const signedIn = await scope.session();
  const isMember = signedIn?.memberships.some(({ tenantId }) => tenantId === tenant) === true;
  if (signedIn === null || tenant === undefined || !isMember) return;
  const session = db.as(
    { tenant, actor: { kind: 'account', id: signedIn.account.id } },
    { id: scope.id, ip: scope.ip, userAgent: scope.userAgent },
  );
  try {
    await session.refuseBatch(named.map((name) => ({ tenant: name })));
  } catch (error) {
    // It always throws its refusal; with a cause when the audit entry could not be written.
    if (!(error instanceof DataError) || error.cause !== undefined) throw error;
  }
}
