import type { ClientBase } from 'pg';
import { randomUuid, type RandomBytes } from '../random.ts';
import type { Sealer } from '../sealer.ts';

export type NewTenant = {
  ownerAccountId: string;
  name: string;
  companyName?: string | undefined;
};

export type CreatedTenant = { tenantId: string; companyId: string | null };

/** Makes a tenant inside the caller's transaction, under a context sealed for it and its owner. */
export async function insertTenant(
  { sealer, randomBytes }: { sealer: Sealer; randomBytes: RandomBytes },
  client: ClientBase,
  { ownerAccountId, name, companyName }: NewTenant,
): Promise<CreatedTenant> {
  const tenantId = randomUuid(randomBytes);
  const context = sealer.seal({ tenant: tenantId, actor: { kind: 'account', id: ownerAccountId } });
  await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
  const { rows } = await client.query<{ company_id: string | null }>(
    'select tenants.create_tenant($1, $2) as company_id',
    [name, companyName ?? null],
  );
  return { tenantId, companyId: rows[0]?.company_id ?? null };
}
