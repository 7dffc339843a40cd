import type { Clock } from '../clock.ts';
import { PlatformError, translating } from '../errors.ts';
import { parseEmail } from '../identity/email.ts';
import { inviteLetter } from '../identity/links/letters.ts';
import { createSecretToken } from '../identity/secretToken.ts';
import type { Mailer } from '../mail/index.ts';
import type { RandomBytes } from '../random.ts';
import type { TenantSession } from '../tenantSession.ts';
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

export type Inviting = {
  session: TenantSession;
  clock: Clock;
  randomBytes: RandomBytes;
  mailer: Mailer;
  /** Whom the mail names as inviting. */
  inviterName: string;
};

export type NewInvite = RoleAssignment & { email: string };

const columns = `id, email_normalised as email, role, module_roles as "moduleRoles", company_ids as "companyIds",
  invited_by as "invitedBy", created_at as "createdAt", expires_at as "expiresAt"`;
const open = 'accepted_at is null and deleted_at is null';

const refusals = {
  ...assignmentRefusals,
  invite_open_unique: 'invite_exists',
  membership_account_unique: 'already_member',
} as const;

/**
 * Invites one address into the context's tenant, for seven days, and queues the mail that says so in the same
 * transaction. The link goes to that address and to nobody else, the inviter included: whoever holds it has shown that
 * they read the address's mail.
 *
 * @throws PlatformError email_invalid, invite_exists, already_member, permission_refused, role_invalid, company_missing
 */
export async function createInvite(inviting: Inviting, invite: NewInvite): Promise<Invite> {
  const { session, clock, randomBytes, mailer, inviterName } = inviting;
  const { address, normalised } = parseEmail(invite.email);
  const { token, hash } = createSecretToken(randomBytes);
  const tenant = await session.query<{ name: string }>('select name from tenants.tenant');
  const tenantName = tenant.rows[0]?.name ?? '';
  const letter = inviteLetter(mailer, { to: address, tenantName, inviterName, token });
  const message = mailer.seal({ kind: 'invite', letter });
  const created = await translating(refusals, () =>
    session.query<{ id: string }>(
      `select identity.create_invite($1, $2, $3, $4, $5, $6) as id, mail.post($7, $8, $9, $10, $11)`,
      [
        ...argumentsOf(invite, { address: normalised, hash, clock }),
        message.id,
        message.kind,
        message.content,
        message.at,
        message.expiresAt,
      ],
    ),
  );
  return readInvite(session, created.rows[0]?.id);
}

/**
 * Invites like `createInvite`, but tells nobody: the caller gets the token and brings it to the invited person by other
 * means, and so vouches for the address. For an installation's own set-up; never for what a member asks for.
 *
 * @throws PlatformError as createInvite
 */
export async function inviteWithoutMail(
  { session, clock, randomBytes }: Pick<Inviting, 'session' | 'clock' | 'randomBytes'>,
  invite: NewInvite,
): Promise<{ invite: Invite; token: string }> {
  const { token, hash } = createSecretToken(randomBytes);
  const address = parseEmail(invite.email).normalised;
  const created = await translating(refusals, () =>
    session.query<{ id: string }>(
      'select identity.create_invite($1, $2, $3, $4, $5, $6) as id',
      argumentsOf(invite, { address, hash, clock }),
    ),
  );
  return { invite: await readInvite(session, created.rows[0]?.id), token };
}

function argumentsOf(
  { role, moduleRoles, companyIds }: NewInvite,
  { address, hash, clock }: { address: string; hash: Buffer; clock: Clock },
): unknown[] {
  return [address, role, moduleRoles, companyIds, hash, new Date(clock())];
}

async function readInvite(session: TenantSession, id: string | undefined): Promise<Invite> {
  const { rows } = await session.query<Invite>(`select ${columns} from identity.invite where id = $1`, [id]);
  const [invite] = rows;
  if (invite === undefined) throw new PlatformError('invite_missing');
  return invite;
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
  await translating({ ...assignmentRefusals, invite_missing: 'invite_missing' }, () =>
    session.query('select identity.revoke_invite($1, $2)', [inviteId, new Date(clock())]),
  );
}
