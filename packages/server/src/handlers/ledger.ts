import { proveEntry } from '@bulkhead/platform/audit/ledger';
import { PlatformError } from '@bulkhead/platform/errors';
import { implement } from '@orpc/server';
import { ledgerContract } from '../contract/ledger.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** What a tenant may take away to prove its own entries. */
export function ledgerHandlers() {
  const permitted = implement(ledgerContract).$context<PlatformContext>();
  return {
    checkpoint: permitted.checkpoint.handler(async ({ context: { session, tenant } }) => {
      const { rows } = await session.query<{
        note: string | null;
        size: string;
        sealed: string;
        at: Date | null;
      }>(
        `select p.note, coalesce(p.size, 0) as size, c.size as sealed, p.created_at as at
         from bulkhead.audit_chain c
         left join lateral (
           select k.note, k.size, k.created_at from bulkhead.audit_checkpoint k
           where k.tenant_id = c.tenant_id order by k.size desc limit 1) p on true
         where c.tenant_id = $1`,
        [tenant],
      );
      const [row] = rows;
      return {
        note: row?.note ?? null,
        size: Number(row?.size ?? 0),
        sealed: Number(row?.sealed ?? 0),
        at: row?.at?.toISOString() ?? null,
      };
    }),
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
