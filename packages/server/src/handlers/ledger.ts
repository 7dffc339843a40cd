import { chainState, proveEntry } from '@bulkhead/platform/audit/ledger';
import { PlatformError } from '@bulkhead/platform/errors';
import { implement } from '@orpc/server';
import { ledgerContract } from '../contract/ledger.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** What a tenant may take away to prove its own entries. */
export function ledgerHandlers() {
  const permitted = implement(ledgerContract).$context<PlatformContext>();
  return {
    checkpoint: permitted.checkpoint.handler(({ context: { session, tenant } }) =>
      chainState(session, tenant),
    ),
    proof: permitted.proof.handler(async ({ input, context: { session, tenant } }) => {
      const reader = {
        query: async (text: string, values?: unknown[]) =>
          session.query<Record<string, unknown>>(text, values),
      };
      const proof = await proveEntry(reader, { chain: tenant, id: input.id });
      if (proof === undefined) throw new PlatformError('entry_unproven');
      return { ...proof, path: [...proof.path] };
    }),
  };
}
