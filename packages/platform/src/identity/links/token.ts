import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { createSecretToken, hashSecretToken } from '../secretToken.ts';

/** What a link does. A link of one type is never another's: every look-up names the type (T-33). */
export type LinkType =
  | 'sign_up'
  | 'email_verification'
  | 'password_reset'
  | 'magic_link'
  | 'email_change'
  | 'email_change_undo';

const minute = 60_000;

/** Milliseconds from issue to expiry. The table refuses longer ones. */
export const linkLifetimes: Readonly<Record<LinkType, number>> = {
  sign_up: 24 * 60 * minute,
  email_verification: 24 * 60 * minute,
  password_reset: 60 * minute,
  magic_link: 10 * minute,
  email_change: 60 * minute,
  email_change_undo: 7 * 24 * 60 * minute,
};

export type NewLink = {
  type: LinkType;
  /** The address it is sent to, in lower case. */
  emailNormalised: string;
  /** Whom it acts for; absent for a sign-up. */
  accountId?: string | undefined;
  /** Sign-up: the request it confirms. */
  requestId?: string | undefined;
  /** Change of address and its undoing: the address the account gets, as typed. */
  email?: string | undefined;
  /** Magic link: hash of the secret of the browser that asked. */
  browserHash?: Buffer | undefined;
};

export type IssuedLink = {
  /** For the mail, and nowhere else. */
  token: string;
  expiresAt: Date;
};

/** Issues a link within the transaction that also queues its mail. */
export async function issueLink(
  { clock, randomBytes }: Pick<IdentityDependencies, 'clock' | 'randomBytes'>,
  client: ClientBase,
  link: NewLink,
): Promise<IssuedLink> {
  const { token, hash } = createSecretToken(randomBytes);
  const now = clock();
  const expiresAt = new Date(now + linkLifetimes[link.type]);
  await client.query(
    `insert into identity.one_time_token
       (id, type, token_hash, account_id, target_id, email_normalised, email, browser_hash, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      randomUuid(randomBytes),
      link.type,
      hash,
      link.accountId ?? null,
      link.requestId ?? null,
      link.emailNormalised,
      link.email ?? null,
      link.browserHash ?? null,
      new Date(now),
      expiresAt,
    ],
  );
  return { token, expiresAt };
}

export type LinkRow = {
  id: string;
  account_id: string | null;
  target_id: string | null;
  email_normalised: string;
  email: string | null;
  browser_hash: Buffer | null;
  created_at: Date;
};

const columns = 'id, account_id, target_id, email_normalised, email, browser_hash, created_at';

/**
 * The hash of a presented token.
 *
 * @throws PlatformError link_invalid when it is none
 */
export function linkHash(token: string): Buffer {
  const hash = hashSecretToken(token);
  if (hash === null) throw new PlatformError('link_invalid');
  return hash;
}

/**
 * Looks at a live link without consuming it: to judge what comes with it before anything is locked or spent.
 *
 * @throws PlatformError link_invalid
 */
export async function findLink(
  { pool, clock }: Pick<IdentityDependencies, 'pool' | 'clock'>,
  { type, token }: { type: LinkType; token: string },
): Promise<LinkRow> {
  const { rows } = await pool.query<LinkRow>(
    `select ${columns} from identity.one_time_token
     where type = $1 and token_hash = $2 and consumed_at is null and expires_at > $3`,
    [type, linkHash(token), new Date(clock())],
  );
  const link = rows[0];
  if (link === undefined) throw new PlatformError('link_invalid');
  return link;
}

/**
 * Consumes a link in the transaction that honours it: of two redemptions at the same moment the second waits for the
 * first, and then finds it consumed; when the first is rolled back, it finds it live.
 *
 * @throws PlatformError link_invalid
 */
export async function consumeLink(
  { clock }: Pick<IdentityDependencies, 'clock'>,
  client: ClientBase,
  { type, token }: { type: LinkType; token: string },
): Promise<LinkRow> {
  const { rows } = await client.query<LinkRow>(
    `update identity.one_time_token set consumed_at = $3
     where type = $1 and token_hash = $2 and consumed_at is null and expires_at > $3
     returning ${columns}`,
    [type, linkHash(token), new Date(clock())],
  );
  const link = rows[0];
  if (link === undefined) throw new PlatformError('link_invalid');
  return link;
}

/** Types that a change of password or address makes void: whoever asked for them may not be the owner. */
const voidable: readonly LinkType[] = ['password_reset', 'magic_link', 'email_change', 'email_verification'];

/** Withdraws an account's outstanding links, except those by which a change of address is undone. */
export async function withdrawLinks(
  { clock }: Pick<IdentityDependencies, 'clock'>,
  client: ClientBase,
  accountId: string,
): Promise<void> {
  await client.query(
    `update identity.one_time_token set consumed_at = $3
     where account_id = $1 and type = any ($2) and consumed_at is null`,
    [accountId, voidable, new Date(clock())],
  );
}
