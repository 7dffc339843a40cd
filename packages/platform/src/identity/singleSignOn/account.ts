import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { parseEmail, type EmailAddress } from '../email.ts';
import { recordEvent } from '../event.ts';
import type { Device, VouchingConnection } from '../session.ts';
import type { ProviderAssertion } from './assertion.ts';

type Asserted = { assertion: ProviderAssertion; device: Device };

/**
 * The account that a provider of the service speaks of: the one linked to the subject, or else the one of the address, once
 * both sides have proved it (T-35).
 *
 * @throws PlatformError provider_email_unverified, provider_link_required, provider_no_account
 */
export async function accountOfProvider(
  identity: IdentityDependencies,
  client: ClientBase,
  { assertion, device }: Asserted,
): Promise<string> {
  const linked = await findLink(identity, client, { connectionId: null, assertion });
  if (linked !== undefined) return linked;
  const email = provenEmail(assertion);
  const account = await findAccount(client, email);
  if (account === undefined) throw new PlatformError('provider_no_account');
  if (!account.verified) throw new PlatformError('provider_link_required');
  await addLink(identity, client, { connectionId: null, accountId: account.id, email, assertion, device });
  return account.id;
}

/**
 * The account a tenant's connection speaks of. It may speak for addresses of the tenant's proved domains alone, which the
 * database holds it to; within them it makes accounts, if people may join by signing in.
 *
 * @throws PlatformError provider_email_unverified, provider_domain_refused, provider_link_required,
 *   single_sign_on_not_member, account_disabled
 */
export async function accountOfConnection(
  identity: IdentityDependencies,
  client: ClientBase,
  { connection, assertion, device }: Asserted & { connection: VouchingConnection },
): Promise<{ accountId: string; isNew: boolean }> {
  const linked = await findLink(identity, client, { connectionId: connection.id, assertion });
  if (linked !== undefined) {
    await refuseDisabled(client, linked);
    return { accountId: linked, isNew: false };
  }
  const email = provenEmail(assertion);
  await refuseForeignDomain(client, { connection, email });
  const known = await findAccount(client, email);
  if (known !== undefined && !known.verified) throw new PlatformError('provider_link_required');
  if (known !== undefined) await refuseDisabled(client, known.id);
  const accountId = known?.id ?? (await makeAccount(identity, client, { email, assertion, device }));
  await addLink(identity, client, { connectionId: connection.id, accountId, email, assertion, device });
  return { accountId, isNew: known === undefined };
}

/** @throws PlatformError provider_email_unverified */
function provenEmail({ email, emailVerified }: ProviderAssertion): EmailAddress {
  if (email === null || !emailVerified) throw new PlatformError('provider_email_unverified');
  return parseEmail(email);
}

async function findLink(
  { clock }: IdentityDependencies,
  client: ClientBase,
  { connectionId, assertion }: { connectionId: string | null; assertion: ProviderAssertion },
): Promise<string | undefined> {
  const { rows } = await client.query<{ account_id: string }>(
    `update identity.provider_link set last_used_at = $4
     where connection_id is not distinct from $1 and issuer = $2 and subject = $3
     returning account_id`,
    [connectionId, assertion.issuer, assertion.subject, new Date(clock())],
  );
  return rows[0]?.account_id;
}

export type NewLink = {
  connectionId: string | null;
  accountId: string;
  email: EmailAddress;
  assertion: Pick<ProviderAssertion, 'issuer' | 'subject'>;
  device: Device;
};

/** Links the subject to the account, and writes it into the audit trails. */
export async function addLink(
  identity: IdentityDependencies,
  client: ClientBase,
  { connectionId, accountId, email, assertion, device }: NewLink,
): Promise<void> {
  const id = randomUuid(identity.randomBytes);
  await client.query(
    `insert into identity.provider_link
       (id, account_id, issuer, subject, email_normalised, created_at, last_used_at, connection_id)
     values ($1, $2, $3, $4, $5, $6, $6, $7)`,
    [
      id,
      accountId,
      assertion.issuer,
      assertion.subject,
      email.normalised,
      new Date(identity.clock()),
      connectionId,
    ],
  );
  await recordEvent(identity, client, {
    accountId,
    action: 'provider.link',
    targetType: 'identity.provider_link',
    targetId: id,
    detail: { issuer: assertion.issuer, connection: connectionId },
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
}

async function refuseForeignDomain(
  client: ClientBase,
  { connection, email }: { connection: VouchingConnection; email: EmailAddress },
): Promise<void> {
  const { rowCount } = await client.query(
    'select from identity.domain_owner where name = $1 and tenant_id = $2',
    [email.normalised.split('@')[1], connection.tenantId],
  );
  if (rowCount !== 1) throw new PlatformError('provider_domain_refused');
}

async function findAccount(
  client: ClientBase,
  email: EmailAddress,
): Promise<{ id: string; verified: boolean } | undefined> {
  const { rows } = await client.query<{ id: string; verified: boolean }>(
    'select id, email_verified_at is not null as verified from identity.account where email_normalised = $1',
    [email.normalised],
  );
  return rows[0];
}

async function refuseDisabled(client: ClientBase, accountId: string): Promise<void> {
  const { rowCount } = await client.query(
    'select from identity.account where id = $1 and disabled_at is not null',
    [accountId],
  );
  if (rowCount === 1) throw new PlatformError('account_disabled');
}

/** Without a password: the person signs in through the connection until they set one by mail. */
async function makeAccount(
  identity: IdentityDependencies,
  client: ClientBase,
  { email, assertion, device }: Asserted & { email: EmailAddress },
): Promise<string> {
  const id = randomUuid(identity.randomBytes);
  const now = new Date(identity.clock());
  const called = (assertion.name ?? '').normalize('NFKC').replaceAll(/\p{C}/gu, '').trim().slice(0, 200);
  await client.query(
    'insert into identity.account (id, email, email_normalised, name, created_at) values ($1, $2, $3, $4, $5)',
    [id, email.address, email.normalised, called === '' ? email.normalised.split('@')[0] : called, now],
  );
  await client.query('update identity.account set email_verified_at = $2 where id = $1', [id, now]);
  await recordEvent(identity, client, {
    accountId: id,
    action: 'account.create',
    targetType: 'identity.account',
    targetId: id,
    detail: { issuer: assertion.issuer },
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
  return id;
}
