import type { ClientBase } from 'pg';
import { constraintOf, PlatformError, translating } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { completeSignIn, type SignInOutcome } from '../completeSignIn.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import type { Device } from '../session.ts';
import { accountOfConnection, accountOfProvider } from './account.ts';
import type { ProviderAssertion } from './assertion.ts';
import { consumeFlow, type SignInFlow } from './flow.ts';
import { linkAccount } from './link.ts';

export type AssertedSignIn = {
  flow: SignInFlow;
  assertion: ProviderAssertion;
  device: Device;
  /** Spends what else is good for one sign-in, in the same transaction; a throw refuses. */
  within?: ((client: ClientBase) => Promise<void>) | undefined;
};

/**
 * From what a provider asserted to a session, in one transaction: the flow is used up, the account found by its link or linked,
 * made where the tenant allows it, joined to the tenant, and signed in under every rule there is. A refusal uses the flow up too.
 *
 * @throws PlatformError sign_in_flow_expired, provider_link_required, provider_email_unverified, provider_domain_refused,
 *   provider_no_account, single_sign_on_not_member, account_disabled, and what `completeSignIn` does
 */
export async function signInWithAssertion(
  identity: IdentityDependencies,
  signIn: AssertedSignIn,
): Promise<SignInOutcome> {
  return usingUp(identity, signIn.flow, async () => {
    const outcome = await inTransaction(identity.pool, (client) => honour(identity, client, signIn));
    // Its transaction is kept: what the provider no longer grants must stay taken away.
    if (outcome === 'not_member') throw new PlatformError('single_sign_on_not_member');
    return outcome;
  });
}

/**
 * Adds what a provider asserted to the account that asked for it.
 *
 * @throws PlatformError sign_in_flow_expired, provider_email_unverified, provider_link_exists, email_unverified
 */
export async function linkWithAssertion(
  identity: IdentityDependencies,
  { flow, assertion, device }: AssertedSignIn,
): Promise<void> {
  await usingUp(identity, flow, () =>
    inTransaction(identity.pool, async (client) => {
      await consumeFlow(identity, client, flow.id);
      if (flow.link === null) throw new PlatformError('sign_in_flow_expired');
      await linkAccount(identity, client, { link: flow.link, assertion, device });
    }),
  );
}

/** What rolled back with a refusal is used up all the same: an answer is looked at once. */
async function usingUp<Result>(
  identity: IdentityDependencies,
  flow: SignInFlow,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await consumeFlow(identity, identity.pool, flow.id).catch((second: unknown) => {
      if (!(second instanceof PlatformError)) throw second;
    });
    if (constraintOf(error) === 'connection_vouches') {
      throw new PlatformError('provider_domain_refused', { cause: error });
    }
    throw error;
  }
}

async function honour(
  identity: IdentityDependencies,
  client: ClientBase,
  { flow, assertion, device, within }: AssertedSignIn,
): Promise<SignInOutcome | 'not_member'> {
  await consumeFlow(identity, client, flow.id);
  await within?.(client);
  if (flow.link !== null) throw new PlatformError('sign_in_flow_expired');
  const attempt = {
    device,
    methods: ['fed', ...assertion.methods],
    verifiedBy: 'provider' as const,
    endsAt: assertion.endsAt,
  };
  const { target, tenantId } = flow;
  if (!('connectionId' in target) || tenantId === null) {
    const accountId = await accountOfProvider(identity, client, { assertion, device });
    return completeSignIn(identity, { ...attempt, accountId }, client);
  }
  const connection = { id: target.connectionId, tenantId };
  const { accountId, isNew } = await accountOfConnection(identity, client, { connection, assertion, device });
  const joined = await join(identity, client, { connection, accountId, groups: assertion.groups });
  if (joined === 'refused') {
    if (isNew) throw new PlatformError('single_sign_on_not_member');
    return 'not_member';
  }
  return completeSignIn(identity, { ...attempt, accountId, connection }, client);
}

/** Just-in-time membership, as the account and in the tenant the seal names. */
async function join(
  { sealer }: IdentityDependencies,
  client: ClientBase,
  options: { connection: { id: string; tenantId: string }; accountId: string; groups: readonly string[] },
): Promise<string> {
  const { connection, accountId, groups } = options;
  const context = sealer.seal({ tenant: connection.tenantId, actor: { kind: 'account', id: accountId } });
  await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
  const { rows } = await translating({ tier_members: 'quota_reached' }, () =>
    client.query<{ joined: string }>('select identity.join_by_connection($1, $2) as joined', [
      connection.id,
      groups,
    ]),
  );
  await client.query(`select set_config('bulkhead.context', '', true)`);
  return rows[0]?.joined ?? 'refused';
}
