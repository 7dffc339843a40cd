import type { TenantPool } from '@bulkhead/kernel';
import { DataError } from '@bulkhead/kernel';
import type { Program, ReadProgram } from '../session/apiKeys.ts';
import { mayOperate } from '../session/operators.ts';
import type { ReadStay } from '../session/operators.ts';
import { BatchGuardPlugin } from './batchGuard.ts';
import type { BatchRefusal } from './batchGuard.ts';
import type { DispatchContext } from './dispatch.ts';
import { rpcErrorResponse } from './errors.ts';
import type { RequestScope } from './scope.ts';

export type BatchSources = { db: Pick<TenantPool, 'as'>; readProgram: ReadProgram; readStay: ReadStay };

/** The batch guard as the server composes it: refusals counted and audited by the kernel. */
export function batchGuardFor({
  maxMembers,
  onFault,
  ...sources
}: BatchSources & {
  maxMembers: number;
  onFault: (error: unknown) => void;
}): BatchGuardPlugin<DispatchContext> {
  return new BatchGuardPlugin<DispatchContext>({
    maxMembers,
    homeOf: (scope) => homeOf(scope, sources),
    onRefused: (refusal) => recordRefusal(refusal, sources).catch(onFault),
    answer: rpcErrorResponse,
  });
}

/** An API key's tenant, or the only one of an account. */
async function homeOf(
  scope: RequestScope,
  { readProgram }: Pick<BatchSources, 'readProgram'>,
): Promise<string | undefined> {
  if (scope.apiKey !== undefined) return (await readProgram(scope.apiKey, scope)).tenant;
  const session = await scope.session();
  const [only, second] = session?.memberships ?? [];
  return second === undefined ? only?.tenantId : undefined;
}

/** Counts and audits in the tenant of whoever sent it; before a sign-in there is none to tell. */
async function recordRefusal(
  { scope, tenant, named }: BatchRefusal,
  { db, ...sources }: BatchSources,
): Promise<void> {
  const sender = await senderOf(scope, { tenant, ...sources });
  if (sender === undefined) return;
  const { kind, id } = sender.actor;
  const session = db.as(
    { tenant: sender.tenant, actor: { kind, id } },
    { id: scope.id, ip: scope.ip, userAgent: scope.userAgent },
  );
  try {
    await session.refuseBatch(named.map((name) => ({ tenant: name })));
  } catch (error) {
    // It always throws its refusal; with a cause when the audit entry could not be written.
    if (!(error instanceof DataError) || error.cause !== undefined) throw error;
  }
}

type Sender = Pick<Program, 'tenant'> & { actor: Pick<Program['actor'], 'kind' | 'id'> };

/** A key in its own tenant whatever it named, a member in the tenant it named, an operator in the one it stays in. */
async function senderOf(
  scope: RequestScope,
  { tenant, readProgram, readStay }: Omit<BatchSources, 'db'> & { tenant: string | undefined },
): Promise<Sender | undefined> {
  if (scope.apiKey !== undefined) return readProgram(scope.apiKey, scope).catch(() => undefined);
  const signedIn = await scope.session().catch(() => null);
  if (signedIn === null || tenant === undefined) return undefined;
  const { id } = signedIn.account;
  if (signedIn.memberships.some(({ tenantId }) => tenantId === tenant)) {
    return { tenant, actor: { kind: 'account', id } };
  }
  const stays = mayOperate(signedIn) && uuid.test(tenant) && (await readStay(signedIn, tenant)) !== null;
  return stays ? { tenant, actor: { kind: 'operator', id } } : undefined;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
