import { PlatformError } from '../errors.ts';
import { randomUuid } from '../random.ts';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { recordEvent } from './event.ts';
import { createSecretToken, hashSecretToken } from './secretToken.ts';

const day = 24 * 3_600_000;

export type VerificationRequest = {
  /** Where to send the link: the address on record, never one from a request. */
  email: string;
  /** For the link in that mail, never for a response. */
  token: string;
  expiresAt: Date;
};

/**
 * Issues a link, good for one day and one use, by which an account proves its address.
 *
 * @throws PlatformError account_missing
 */
export async function requestEmailVerification(
  { pool, clock, randomBytes }: IdentityDependencies,
  accountId: string,
): Promise<VerificationRequest> {
  const { token, hash } = createSecretToken(randomBytes);
  const now = clock();
  const expiresAt = new Date(now + day);
  const { rows } = await pool.query<{ email: string }>(
    `with account as (
       select a.id, a.email, a.email_normalised from identity.account a where a.id = $1 and a.disabled_at is null
     ), issued as (
       insert into identity.one_time_token (id, type, token_hash, account_id, email_normalised, created_at, expires_at)
       select $2, 'email_verification', $3, a.id, a.email_normalised, $4, $5 from account a
     )
     select email from account`,
    [accountId, randomUuid(randomBytes), hash, new Date(now), expiresAt],
  );
  const account = rows[0];
  if (account === undefined) throw new PlatformError('account_missing');
  return { email: account.email, token, expiresAt };
}

/**
 * Honours such a link: consumes it and marks the address verified, in one transaction. A link sent to an address
 * that the account no longer has proves nothing and is refused.
 *
 * @throws PlatformError link_invalid
 */
export async function verifyEmail(
  { pool, clock, sessions, sealer }: IdentityDependencies,
  token: string,
): Promise<{ accountId: string }> {
  const tokenHash = hashSecretToken(token);
  if (tokenHash === null) throw new PlatformError('link_invalid');
  const now = new Date(clock());
  const accountId = await inTransaction(pool, async (client) => {
    const consumed = await client.query<{ account_id: string; email_normalised: string }>(
      `update identity.one_time_token set consumed_at = $2
       where type = 'email_verification' and token_hash = $1 and consumed_at is null and expires_at > $2
       returning account_id, email_normalised`,
      [tokenHash, now],
    );
    const link = consumed.rows[0];
    if (link === undefined) throw new PlatformError('link_invalid');
    const verified = await client.query(
      `update identity.account set email_verified_at = coalesce(email_verified_at, $3)
       where id = $1 and email_normalised = $2 and disabled_at is null`,
      [link.account_id, link.email_normalised, now],
    );
    if (verified.rowCount !== 1) throw new PlatformError('link_invalid');
    await recordEvent({ sealer }, client, {
      accountId: link.account_id,
      action: 'email.verify',
      targetType: 'identity.account',
      targetId: link.account_id,
    });
    return link.account_id;
  });
  sessions.forgetAccount(accountId);
  return { accountId };
}
