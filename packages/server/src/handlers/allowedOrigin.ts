import { allowOrigin, listAllowedOrigins, withdrawOrigin } from '@bulkhead/platform/edge/origin';
import type { AllowedOrigin } from '@bulkhead/platform/edge/origin';
import { implement } from '@orpc/server';
import { allowedOriginContract } from '../contract/allowedOrigin.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** The websites whose pages may call a tenant's API. */
export function allowedOriginHandlers() {
  const permitted = implement(allowedOriginContract).$context<PlatformContext>();
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      origins: (await listAllowedOrigins(session)).map(toAllowedOrigin),
    })),
    add: permitted.add.handler(async ({ input, context: { session } }) =>
      toAllowedOrigin(await allowOrigin(session, input)),
    ),
    remove: permitted.remove.handler(async ({ input, context: { session } }) => {
      await withdrawOrigin(session, { originId: input.id });
      return {};
    }),
  };
}

function toAllowedOrigin({ createdAt, ...origin }: AllowedOrigin) {
  return { ...origin, createdAt: createdAt.toISOString() };
}
