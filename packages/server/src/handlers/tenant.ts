import { readTenant } from '@bulkhead/platform/tenants';
import { implement } from '@orpc/server';
import { tenantContract } from '../contract/tenant.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** The tenant a request acts in. */
export function tenantHandlers() {
  const permitted = implement(tenantContract).$context<PlatformContext>();
  return {
    read: permitted.read.handler(async ({ context: { session } }) => {
      const { id, name, createdAt } = await readTenant(session);
      return { id, name, createdAt: createdAt.toISOString() };
    }),
  };
}
