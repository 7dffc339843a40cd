import { readTenant, requireSecondFactor } from '@bulkhead/platform/tenants';
import { implement } from '@orpc/server';
import { tenantContract } from '../contract/tenant.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** The tenant a request acts in. */
export function tenantHandlers({ identity }: Pick<HandlerDependencies, 'identity'>) {
  const permitted = implement(tenantContract).$context<PlatformContext>();
  return {
    read: permitted.read.handler(async ({ context: { session } }) => {
      const { createdAt, ...tenant } = await readTenant(session);
      return { ...tenant, createdAt: createdAt.toISOString() };
    }),
    requireSecondFactor: permitted.requireSecondFactor.handler(
      async ({ input, context: { session, actor } }) => {
        await requireSecondFactor(session, input);
        identity.sessions.forgetAccount(actor.id);
        return {};
      },
    ),
  };
}
