import type { ClientBase } from 'pg';
import { PlatformError, translating } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { parseEmail } from '../email.ts';
import { recordEvent } from '../event.ts';
import { noTenant } from '../noTenant.ts';
import type { Device } from '../session.ts';
import { addLink } from './account.ts';
import type { ProviderAssertion } from './assertion.ts';

/** A way to sign in that an account has linked. */
export type ProviderLink = {
  id: string;
  issuer: string;
  email: string;
  /** By the account's organisation; it ends with the connection. */
  managed: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
};

/** An account's linked providers, oldest first. */
export async function listLinks(
  { pool }: Pick<IdentityDependencies, 'pool'>,
  accountId: string,
): Promise<ProviderLink[]> {
  const { rows } = await pool.query<ProviderLink>(
    `select id, issuer, email_normalised as email, connection_id is not null as managed, created_at as "createdAt",
       last_used_at as "lastUsedAt"
     from identity.provider_link where account_id = $1 order by created_at, id`,
    [accountId],
  );
  return rows;
}

/**
 * Adds a provider of the service to the account that asked, while the session it asked in is alive.
 *
 * @throws PlatformError sign_in_flow_expired, provider_email_unverified, provider_link_exists, email_unverified
 */
export async function linkAccount(
  identity: IdentityDependencies,
  client: ClientBase,
  options: { link: { accountId: string; sessionId: string }; assertion: ProviderAssertion; device: Device },
): Promise<void> {
  const { link, assertion, device } = options;
  const { accountId } = link;
  const { rowCount } = await client.query(
    `select from identity.session s join identity.account a on a.id = s.account_id
     where s.id = $1 and s.account_id = $2 and s.connection_id is null and s.ended_at is null
       and s.idle_expires_at > $3 and s.absolute_expires_at > $3 and a.disabled_at is null
     for share`,
    [link.sessionId, accountId, new Date(identity.clock())],
  );
  if (rowCount !== 1) throw new PlatformError('sign_in_flow_expired');
  if (assertion.email === null || !assertion.emailVerified)
    throw new PlatformError('provider_email_unverified');
  const email = parseEmail(assertion.email);
  const refusals = {
    provider_link_subject_unique: 'provider_link_exists',
    provider_link_account_verified: 'email_unverified',
  } as const;
  await translating(refusals, () =>
    addLink(identity, client, { connectionId: null, accountId, email, assertion, device }),
  );
}

/**
 * Removes a provider from the account. One that its organisation manages stays.
 *
 * @throws PlatformError provider_link_missing
 */
export async function removeLink(
  identity: Pick<IdentityDependencies, 'pool' | 'sealer'>,
  { accountId, linkId, device }: { accountId: string; linkId: string; device: Device },
): Promise<void> {
  const within = (client: ClientBase) => unlinkProvider(identity, client, { accountId, linkId, device });
  if (!(await inTransaction(identity.pool, within))) throw new PlatformError('provider_link_missing');
}

/** The same within the caller's transaction. False when the account has no such link that is its own to remove. */
export async function unlinkProvider(
  identity: Pick<IdentityDependencies, 'sealer'>,
  client: ClientBase,
  { accountId, linkId, device }: { accountId: string; linkId: string; device: Device },
): Promise<boolean> {
  const context = identity.sealer.seal({ tenant: noTenant, actor: { kind: 'account', id: accountId } });
  await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
  const { rows } = await client.query<{ removed: boolean }>(
    'select identity.unlink_provider($1) as removed',
    [linkId],
  );
  await client.query(`select set_config('bulkhead.context', '', true)`);
  if (rows[0]?.removed !== true) return false;
  await recordEvent(identity, client, {
    accountId,
    action: 'provider.unlink',
    targetType: 'identity.provider_link',
    targetId: linkId,
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
  return true;
}
