import type { Clock } from '../clock.ts';
import { PlatformError, translating } from '../errors.ts';
import type { IdentityDependencies } from '../identity/dependencies.ts';
import { parseEmail } from '../identity/email.ts';
import { createSecretToken, hashSecretToken } from '../identity/secretToken.ts';
import type { RandomBytes } from '../random.ts';
import type { TenantSession } from '../tenantSession.ts';
import { inTransaction } from '../transaction.ts';
import { assignmentRefusals, type RoleAssignment } from './role.ts';

export type Invite = {
  id: string;
  /** The only address whose verified account may accept. */
  email: string;
  role: RoleAssignment['role'];
  moduleRoles: string[];
  companyIds: string[] | null;
  /** The account that invited. */
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
};

export type Inviting = { session: TenantSession; clock: Clock; randomBytes: RandomBytes };

const columns = `id, email_normalised as email, role, module_roles as "moduleRoles", company_ids as "companyIds",
  invited_by as "invitedBy", created_at as "createdAt", expires_at as "expiresAt"`;
const open = 'accepted_at is null and deleted_at is null';

/**
 * Invites one address into the context's tenant, for seven days. The token is for the mail to that address.
 *
 * @throws PlatformError email_invalid, invite_exists, already_member, permission_refused, role_invalid, company_missing
 */
export async function createInvite(
  { session, clock, randomBytes }: Inviting,
  { email, role, moduleRoles, companyIds }: RoleAssignment & { email: string },
): Promise<{ invite: Invite; token: string }> {
  const address = parseEmail(email).normalised;
  const { token, hash } = createSecretToken(randomBytes);
  const refusals = {
    ...assignmentRefusals,
    invite_open_unique: 'invite_exists',
    membership_account_unique: 'already_member',
  } as const;
  const created = await translating(refusals, () =>
    session.query<{ id: string }>('select identity.create_invite($1, $2, $3, $4, $5, $6) as id', [
      address,
      role,
      moduleRoles,
      companyIds,
      hash,
      new Date(clock()),
    ]),
  );
  const { rows } = await session.query<Invite>(`select ${columns} from identity.invite where id = $1`, [
    created.rows[0]?.id,
  ]);
  const [invite] = rows;
  if (invite === undefined) throw new PlatformError('invite_missing');
  return { invite, token };
}

/** The invites of the context's tenant that wait for an answer, the newest first; expired ones among them. */
export async function listInvites(session: TenantSession): Promise<Invite[]> {
  const { rows } = await session.query<Invite>(
    `select ${columns} from identity.invite where ${open} order by created_at desc, id`,
  );
  return rows;
}

/** @throws PlatformError invite_missing, permission_refused */
export async function revokeInvite(
  { session, clock }: Pick<Inviting, 'session' | 'clock'>,
  { inviteId }: { inviteId: string },
): Promise<void> {
  const refusals = { ...assignmentRefusals, invite_missing: 'invite_missing' } as const;
  await translating(refusals, () =>
    session.query('select identity.revoke_invite($1, $2)', [inviteId, new Date(clock())]),
  );
}

/**
 * Makes an account a member of the tenant that the token leads into: if it is the account of the invited address and has
 * proved that address, once, and in time (T-36). `accountId` is the signed-in account's, from its session and from
 * nowhere else.
 *
 * @throws PlatformError link_invalid, invite_other_address, email_unverified, already_member, company_missing
 */
export async function acceptInvite(
  { pool, sealer, clock, sessions }: IdentityDependencies,
  { token, accountId }: { token: string; accountId: string },
): Promise<{ tenantId: string; memberId: string }> {
  const hash = hashSecretToken(token);
  if (hash === null) throw new PlatformError('link_invalid');
  const found = await pool.query<{ tenant_id: string }>(
    `select tenant_id from identity.one_time_token where type = 'invite' and token_hash = $1`,
    [hash],
  );
  const tenantId = found.rows[0]?.tenant_id;
  if (tenantId === undefined) throw new PlatformError('link_invalid');
  const context = sealer.seal({ tenant: tenantId, actor: { kind: 'account', id: accountId } });
  const refusals = {
    one_time_token_live: 'link_invalid',
    invite_address: 'invite_other_address',
    invite_address_verified: 'email_unverified',
    membership_account_unique: 'already_member',
    membership_companies_of_tenant: 'company_missing',
  } as const;
  const memberId = await translating(refusals, () =>
    inTransaction(pool, async (client) => {
      await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
      const accepted = await client.query<{ id: string }>('select identity.accept_invite($1, $2) as id', [
        hash,
        new Date(clock()),
      ]);
      return accepted.rows[0]?.id ?? '';
    }),
  );
  sessions.forgetAccount(accountId);
  return { tenantId, memberId };
}
