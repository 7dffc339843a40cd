import { PlatformError } from '../../errors.ts';
import { factorKinds } from '../factor/factors.ts';
import { noTenant } from '../noTenant.ts';
import type { SignInRule } from '../dependencies.ts';

/**
 * Refuses another way to sign in where every tenant of the account requires its own provider. With one tenant that does
 * not, the session starts and does not reach the others (`identity.memberships_of_session`). A break-glass owner
 * gets in with a second factor; when the session first reaches such a tenant, its audit trail says so.
 */
export const singleSignOnRule: SignInRule = async (attempt, { identity, client, account }) => {
  if (attempt.connection !== undefined) return { kind: 'allow' };
  const context = identity.sealer.seal({ tenant: noTenant, actor: { kind: 'account', id: account.id } });
  const { rows: standings } = await client.query<{ required: boolean; break_glass: boolean }>(
    'select required, break_glass from identity.sign_in_standing($1)',
    [context],
  );
  await client.query(`select set_config('bulkhead.context', '', true)`);
  const required = standings.filter((standing) => standing.required);
  if (required.length === 0) return { kind: 'allow' };
  const breaksGlass = required.some((standing) => standing.break_glass);
  if (attempt.secondFactor !== undefined || attempt.methods.includes('mfa')) {
    if (breaksGlass) return { kind: 'allow' };
  } else if (breaksGlass && (await factorKinds(client, account.id)).length > 0) {
    // The second factor is asked for by its own rule.
    return { kind: 'allow' };
  }
  if (required.length < standings.length) return { kind: 'allow' };
  throw new PlatformError('single_sign_on_required');
};
