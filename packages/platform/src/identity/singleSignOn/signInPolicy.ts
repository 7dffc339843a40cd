import { translating } from '../../errors.ts';
import type { TenantSession } from '../../tenantSession.ts';

export type SignInPolicy = {
  singleSignOnRequired: boolean;
  /** Owners who may still use password and second factor: 1 to 5 while it is required. */
  breakGlassAccountIds: string[];
};

/** How members of the tenant must sign in. */
export async function readSignInPolicy(session: TenantSession): Promise<SignInPolicy> {
  const { rows } = await session.query<{ required: boolean; accounts: string[] }>(
    'select single_sign_on_required as required, break_glass_account_ids as accounts from identity.sign_in_policy',
  );
  return { singleSignOnRequired: rows[0]?.required ?? false, breakGlassAccountIds: rows[0]?.accounts ?? [] };
}

/**
 * Requires single sign-on of everybody, or stops requiring it. It counts at once, for sessions that are there too.
 *
 * @throws PlatformError permission_refused, policy_without_way_in, break_glass_unfit
 */
export async function setSignInPolicy(session: TenantSession, policy: SignInPolicy): Promise<void> {
  const refusals = {
    membership_authority: 'permission_refused',
    sign_in_policy_needs_connection: 'policy_without_way_in',
    sign_in_policy_break_glass_fit: 'break_glass_unfit',
    sign_in_policy_way_in: 'break_glass_unfit',
  } as const;
  await translating(refusals, () =>
    session.query('select identity.set_sign_in_policy($1, $2)', [
      policy.singleSignOnRequired,
      policy.breakGlassAccountIds,
    ]),
  );
}
