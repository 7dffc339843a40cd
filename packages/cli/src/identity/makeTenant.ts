import { parseEmail, signUp, type IdentityDependencies } from '@bulkhead/platform/identity';
import { createTenant } from '@bulkhead/platform/tenants';
import { PlatformError } from '@bulkhead/platform/errors';
import { CommandFailure } from '../command-line/failure.ts';

export type TenantRequest = {
  readonly name: string;
  readonly companyName?: string | undefined;
  readonly ownerEmail: string;
  /** Given: the owner's account is made as well. */
  readonly newOwner?: { readonly name: string; readonly password: string } | undefined;
};

export type TenantCreated = {
  readonly tenantId: string;
  readonly companyId: string | null;
  readonly ownerAccountId: string;
};

async function findAccount(identity: IdentityDependencies, email: string): Promise<string> {
  const { rows } = await identity.pool.query<{ id: string }>(
    'select id from identity.account where email_normalised = $1 and disabled_at is null',
    [parseEmail(email).normalised],
  );
  const [account] = rows;
  if (account !== undefined) return account.id;
  throw new CommandFailure('account_missing', `There is no account with the address ${email}.`, {
    hint: 'Give --owner-name and the password on stdin to make one, or let the person sign up first.',
  });
}

/**
 * Makes a tenant with its owner.
 *
 * @throws CommandFailure with the code and sentence of the slice that refuses
 */
export async function makeTenant(
  identity: IdentityDependencies,
  request: TenantRequest,
): Promise<TenantCreated> {
  try {
    return await make(identity, request);
  } catch (error) {
    if (error instanceof PlatformError) throw new CommandFailure(error.code, error.message, { cause: error });
    throw error;
  }
}

async function make(identity: IdentityDependencies, request: TenantRequest): Promise<TenantCreated> {
  const { name, companyName, ownerEmail, newOwner } = request;
  if (newOwner !== undefined) {
    const owner = { email: ownerEmail, name: newOwner.name, password: newOwner.password };
    const made = await signUp(identity, { ...owner, tenantName: name, companyName });
    return { tenantId: made.tenantId, companyId: made.companyId, ownerAccountId: made.accountId };
  }
  const ownerAccountId = await findAccount(identity, ownerEmail);
  return { ...(await createTenant(identity, { ownerAccountId, name, companyName })), ownerAccountId };
}
