import { createApiKey, listApiKeys, revokeApiKey } from '@bulkhead/platform/access';
import type { ApiKey, Permission } from '@bulkhead/platform/access';
import { implement } from '@orpc/server';
import { apiKeyContract } from '../contract/apiKey.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The API keys of a tenant. */
export function apiKeyHandlers({ identity: { clock, randomBytes } }: HandlerDependencies) {
  const permitted = implement(apiKeyContract).$context<PlatformContext>();
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      apiKeys: (await listApiKeys(session)).map(toApiKey),
    })),
    create: permitted.create.handler(async ({ input, context: { session, permissions: held } }) => {
      const { companies: companyIds, ...rest } = input;
      // What nobody holds, misspelt ones among them, is refused by name.
      const permissions = input.permissions as Permission[];
      const making = { session, held, clock, randomBytes };
      const { key, token } = await createApiKey(making, { ...rest, permissions, companyIds });
      return { ...toApiKey(key), token };
    }),
    revoke: permitted.revoke.handler(async ({ input, context: { session } }) => {
      await revokeApiKey(session, { keyId: input.id });
      return {};
    }),
  };
}

function toApiKey({ companyIds, createdAt, expiresAt, lastUsedAt, ...key }: ApiKey) {
  return {
    ...key,
    companies: companyIds,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
