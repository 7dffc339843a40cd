import type { Pool } from 'pg';
import { translating } from '../errors.ts';
import { parseName } from '../name.ts';
import type { RandomBytes } from '../random.ts';
import type { Sealer } from '../sealer.ts';
import { inTransaction } from '../transaction.ts';
import { insertTenant, type CreatedTenant, type NewTenant } from './insertTenant.ts';

/** A part of the identity slice's dependencies; the pool is connected as bulkhead_identity. */
export type TenantCreation = { pool: Pool; sealer: Sealer; randomBytes: RandomBytes };

/**
 * Makes a further tenant, owned by an account that exists.
 *
 * @throws PlatformError input_invalid, account_missing
 */
export async function createTenant(creation: TenantCreation, input: NewTenant): Promise<CreatedTenant> {
  const tenant: NewTenant = {
    ownerAccountId: input.ownerAccountId,
    name: parseName(input.name, 'name'),
    companyName: input.companyName === undefined ? undefined : parseName(input.companyName, 'companyName'),
  };
  return translating({ membership_account_fkey: 'account_missing' }, () =>
    inTransaction(creation.pool, (client) => insertTenant(creation, client, tenant)),
  );
}
