import type { ClientBase } from 'pg';
import { PlatformError, translating } from '../errors.ts';
import { completeSignIn, type SignInOutcome } from '../identity/completeSignIn.ts';
import type { IdentityDependencies } from '../identity/dependencies.ts';
import { recordEvent } from '../identity/event.ts';
import { insertAccount } from '../identity/links/signUp.ts';
import { noTenant as nobody } from '../identity/noTenant.ts';
import { acceptNewPassword } from '../identity/newPassword.ts';
import { hashSecretToken } from '../identity/secretToken.ts';
import type { Device, OrganisationRole } from '../identity/session.ts';
import { parseName } from '../name.ts';
import { randomUuid } from '../random.ts';
import { inTransaction } from '../transaction.ts';

const refusals = {
  one_time_token_live: 'link_invalid',
  invite_address: 'invite_other_address',
  invite_address_verified: 'email_unverified',
  membership_account_unique: 'already_member',
  membership_companies_of_tenant: 'company_missing',
  tier_members: 'quota_reached',
} as const;

export type Acceptance = { tenantId: string; memberId: string };

/**
 * Makes an account a member of the tenant that the token leads into: if it is the account of the invited address and has
 * proved that address, once, and in time (T-36). `accountId` is the signed-in account's, from its session and from
 * nowhere else.
 *
 * @throws PlatformError link_invalid, invite_other_address, email_unverified, already_member, company_missing,
 *   quota_reached
 */
export async function acceptInvite(
  identity: IdentityDependencies,
  { token, accountId }: { token: string; accountId: string },
): Promise<Acceptance> {
  const { hash, tenantId } = await findInvite(identity, token);
  const memberId = await translating(refusals, () =>
    inTransaction(identity.pool, (client) => accept(identity, client, { hash, tenantId, accountId })),
  );
  identity.sessions.forgetAccount(accountId);
  return { tenantId, memberId };
}

export type InviteView = {
  tenantName: string;
  email: string;
  role: OrganisationRole;
  /** The address has an account: sign in with it. It has none: make one with the invite. */
  hasAccount: boolean;
};

/**
 * What an invite leads to, for whoever holds its link. Consumes nothing.
 *
 * @throws PlatformError link_invalid
 */
export async function viewInvite(identity: IdentityDependencies, token: string): Promise<InviteView> {
  const { hash, tenantId } = await findInvite(identity, token);
  const context = identity.sealer.seal({ tenant: tenantId, actor: { kind: 'account', id: nobody } });
  const { rows } = await inTransaction(identity.pool, async (client) => {
    await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
    return client.query<{ tenant_name: string; email: string; role: OrganisationRole; has_account: boolean }>(
      'select tenant_name, email, role, has_account from identity.view_invite($1, $2)',
      [hash, new Date(identity.clock())],
    );
  });
  const row = rows[0];
  if (row === undefined) throw new PlatformError('link_invalid');
  return { tenantName: row.tenant_name, email: row.email, role: row.role, hasAccount: row.has_account };
}

/**
 * Accepts an invite without an account: makes one for the invited address, which the link has proved, and its membership,
 * in the transaction that consumes the invite; then signs in.
 *
 * @throws PlatformError link_invalid, email_taken (sign in instead), input_invalid, password_short, password_long,
 *   password_invalid, password_common, password_breached, company_missing, quota_reached, busy, and what completeSignIn throws
 */
export async function signUpByInvite(
  identity: IdentityDependencies,
  input: { token: string; name: string; password: string; device: Device },
): Promise<Acceptance & { accountId: string; signIn: SignInOutcome }> {
  const { device } = input;
  const { hash, tenantId } = await findInvite(identity, input.token);
  const { email, tenantName } = await viewInvite(identity, input.token);
  const name = parseName(input.name, 'name');
  const password = await acceptNewPassword(identity, input.password, { words: [email, name, tenantName] });
  const passwordHash = await identity.passwords.hash(password);
  const accountId = randomUuid(identity.randomBytes);
  const now = new Date(identity.clock());
  const memberId = await translating({ ...refusals, account_email_unique: 'email_taken' }, () =>
    inTransaction(identity.pool, async (client) => {
      await insertAccount(client, { id: accountId, email, emailNormalised: email, name, passwordHash, now });
      const member = await accept(identity, client, { hash, tenantId, accountId });
      await recordEvent(identity, client, {
        accountId,
        action: 'account.create',
        targetType: 'identity.account',
        targetId: accountId,
        request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
      });
      return member;
    }),
  );
  const attempt = { accountId, device, methods: ['pwd'], verifiedBy: 'password', passwordHash } as const;
  return { tenantId, memberId, accountId, signIn: await completeSignIn(identity, attempt) };
}

async function findInvite(
  { pool }: IdentityDependencies,
  token: string,
): Promise<{ hash: Buffer; tenantId: string }> {
  const hash = hashSecretToken(token);
  if (hash === null) throw new PlatformError('link_invalid');
  const { rows } = await pool.query<{ tenant_id: string }>(
    `select tenant_id from identity.one_time_token where type = 'invite' and token_hash = $1`,
    [hash],
  );
  const tenantId = rows[0]?.tenant_id;
  if (tenantId === undefined) throw new PlatformError('link_invalid');
  return { hash, tenantId };
}

async function accept(
  { sealer, clock }: IdentityDependencies,
  client: ClientBase,
  { hash, tenantId, accountId }: { hash: Buffer; tenantId: string; accountId: string },
): Promise<string> {
  const context = sealer.seal({ tenant: tenantId, actor: { kind: 'account', id: accountId } });
  await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
  const { rows } = await client.query<{ id: string }>('select identity.accept_invite($1, $2) as id', [
    hash,
    new Date(clock()),
  ]);
  return rows[0]?.id ?? '';
}
