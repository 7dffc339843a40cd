import {
  endOperatorEntry,
  enterTenant,
  findTenants,
  listOperatorVisits,
  operatorPermissions,
  readOperatorEntry,
} from '@bulkhead/platform/access';
import type { OperatorEntry, OperatorVisit } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import { implement } from '@orpc/server';
import { operatorContract } from '../contract/operator.ts';
import type { PlatformContext, SignedInContext } from '../rpc/context.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Operators entering tenants, and tenants seeing them. */
export function operatorHandlers({ identity, access, db }: HandlerDependencies) {
  const signedIn = implement(operatorContract).$context<SignedInContext>();
  const permitted = implement(operatorContract).$context<PlatformContext>();
  const sessionIn = (tenant: string, accountId: string, { id, ip, userAgent }: RequestScope) =>
    db.as({ tenant, actor: { kind: 'operator', id: accountId } }, { id, ip, userAgent });
  const describe = (
    tenantId: string,
    { tenantName, operatorName: _own, secondFactorRequired: _asked, expiresAt, ...stay }: OperatorEntry,
  ) => ({
    ...stay,
    tenant: { id: tenantId, name: tenantName },
    expiresAt: expiresAt.toISOString(),
    permissions: [...operatorPermissions(stay.mode, access)],
  });
  return {
    tenants: signedIn.tenants.handler(async ({ input: { part }, context: { signedIn: session } }) => ({
      tenants: await findTenants(identity, { accountId: session.account.id, part }),
    })),
    enter: signedIn.enter.handler(async ({ input, context: { scope, signedIn: session } }) => {
      const accountId = session.account.id;
      const { tenant: tenantId, ...wanted } = input;
      const data = sessionIn(tenantId, accountId, scope);
      await enterTenant(data, wanted);
      const entry = await readOperatorEntry(identity, { accountId, tenantId });
      if (entry === null) throw new PlatformError('tenant_missing');
      return describe(tenantId, entry);
    }),
    stay: signedIn.stay.handler(async ({ input: { tenant: tenantId }, context }) => {
      const accountId = context.signedIn.account.id;
      const entry = await readOperatorEntry(identity, { accountId, tenantId });
      return { stay: entry === null ? null : describe(tenantId, entry) };
    }),
    leave: signedIn.leave.handler(
      async ({ input: { tenant: tenantId }, context: { scope, signedIn: session } }) => {
        const accountId = session.account.id;
        const entry = await readOperatorEntry(identity, { accountId, tenantId });
        if (entry === null) throw new PlatformError('operator_entry_missing');
        await endOperatorEntry(sessionIn(tenantId, accountId, scope), { entryId: entry.id });
        return {};
      },
    ),
    visits: permitted.visits.handler(async ({ context: { session } }) => ({
      visits: (await listOperatorVisits(session)).map(toVisit),
    })),
    showOut: permitted.showOut.handler(async ({ input, context: { session } }) => {
      await endOperatorEntry(session, { entryId: input.id });
      return {};
    }),
  };
}

function toVisit({ enteredAt, expiresAt, endedAt, ...visit }: OperatorVisit) {
  return {
    ...visit,
    enteredAt: enteredAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
