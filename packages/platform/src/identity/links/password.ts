import type { ClientBase, Pool } from 'pg';
import { PlatformError } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { parseEmail } from '../email.ts';
import { endSessions } from '../endSessions.ts';
import { recordEvent } from '../event.ts';
import { beginSignIn, failSignIn, releaseSignIn, withdrawSignIn } from '../lockout.ts';
import { factorKinds } from '../factor/factors.ts';
import { acceptNewPassword } from '../newPassword.ts';
import { standsAlone } from '../passwordPolicy.ts';
import type { Device } from '../session.ts';
import type { LinkDependencies } from './dependencies.ts';
import { passwordChangedLetter } from './letters.ts';
import { storeRequest } from './request.ts';
import { consumeLink, findLink, withdrawLinks } from './token.ts';

/**
 * Asks for a link to choose a new password. The same row is written whether or not the address has an account.
 *
 * @throws PlatformError email_invalid
 */
export async function requestPasswordReset(
  links: LinkDependencies,
  { email }: { email: string },
): Promise<void> {
  await storeRequest(links, 'password_reset', { email: parseEmail(email).address });
}

/**
 * Sets a new password by such a link: consumes it, ends every session, withdraws the other links, lifts a lockout and
 * tells the owner, in one transaction. It signs nobody in, so that it leads past no second factor.
 *
 * @throws PlatformError link_invalid, password_short, password_long, password_invalid, password_common, password_breached,
 *   busy
 */
export async function redeemPasswordReset(
  links: LinkDependencies,
  { token, password, device }: { token: string; password: string; device: Device },
): Promise<{ accountId: string }> {
  const link = await findLink(links, { type: 'password_reset', token });
  const account = await findAccount(links.pool, link.account_id);
  const chosen = await hashNewPassword(links, account, password);
  await inTransaction(links.pool, async (client) => {
    await holdAccount(client, account.id);
    const consumed = await consumeLink(links, client, { type: 'password_reset', token });
    // Proves the address it was sent to, unless the account has moved on from it.
    const proved = await client.query(
      `update identity.account set email_verified_at = coalesce(email_verified_at, $3)
       where id = $1 and email_normalised = $2 and disabled_at is null`,
      [account.id, consumed.email_normalised, new Date(links.clock())],
    );
    if (proved.rowCount !== 1) throw new PlatformError('link_invalid');
    await replacePassword(links, client, { account, chosen, device, action: 'password.reset' });
  });
  links.sessions.forgetAccount(account.id);
  return { accountId: account.id };
}

/**
 * Changes the password of somebody who is signed in and knows the old one; the other sessions end.
 *
 * @throws PlatformError password_wrong, attempts_exhausted, password_short, password_long, password_invalid,
 *   password_common, password_breached, busy
 */
export async function changePassword(
  links: LinkDependencies,
  input: { accountId: string; sessionId: string; current: string; password: string; device: Device },
): Promise<void> {
  const account = await findAccount(links.pool, input.accountId);
  const { current: typed, device: from } = input;
  await assertPassword(links, account, { typed, device: from, field: 'current' });
  const chosen = await hashNewPassword(links, account, input.password);
  await inTransaction(links.pool, async (client) => {
    await holdAccount(client, account.id);
    const unchanged = await client.query(
      'select from identity.password where account_id = $1 and hash = $2 for update',
      [account.id, account.hash],
    );
    if (unchanged.rowCount !== 1) throw new PlatformError('password_wrong', { field: 'current' });
    const { device, sessionId: keep } = input;
    await replacePassword(links, client, { account, chosen, device, action: 'password.change', keep });
  });
  links.sessions.forgetAccount(account.id);
}

export type PasswordAccount = { id: string; email: string; name: string; hash: string | null };

/** @throws PlatformError link_invalid when there is no such account any more, or it is disabled */
export async function findAccount(
  database: Pool | ClientBase,
  accountId: string | null,
): Promise<PasswordAccount> {
  const { rows } = await database.query<PasswordAccount>(
    `select a.id, a.email, a.name, p.hash from identity.account a
     left join identity.password p on p.account_id = a.id
     where a.id = $1 and a.disabled_at is null`,
    [accountId],
  );
  const account = rows[0];
  if (account === undefined) throw new PlatformError('link_invalid');
  return account;
}

/**
 * Asks for the present password once more. A wrong one counts like one at sign-in: whoever has stolen a session gets
 * five tries, too.
 *
 * @throws PlatformError password_wrong, attempts_exhausted, busy
 */
export async function assertPassword(
  links: LinkDependencies,
  { email, hash }: PasswordAccount,
  { typed, device, field }: { typed: string; device: Device; field: string },
): Promise<void> {
  const attempt = await beginSignIn(links, { email, device }).catch((error: unknown) => {
    const locked = error instanceof PlatformError && error.code === 'sign_in_refused';
    throw locked ? new PlatformError('attempts_exhausted') : error;
  });
  const judged = await links.passwords.verify(typed, hash ?? undefined).catch(async (error: unknown) => {
    await withdrawSignIn(links, links.pool, attempt.id);
    throw error;
  });
  if (judged.matches) return withdrawSignIn(links, links.pool, attempt.id);
  await failSignIn(links, attempt, device);
  throw new PlatformError('password_wrong', { field });
}

export type ChosenPassword = {
  hash: string;
  /** It is too short to stand alone. */
  needsFactor: boolean;
};

/**
 * Judges and hashes a new password of an account: shorter ones do beside a second factor.
 *
 * @throws PlatformError password_short, password_long, password_invalid, password_common, password_breached, busy
 */
export async function hashNewPassword(
  links: LinkDependencies,
  { id, email, name }: PasswordAccount,
  password: string,
): Promise<ChosenPassword> {
  const hasSecondFactor = (await factorKinds(links.pool, id)).length > 0;
  const accepted = await acceptNewPassword(links, password, { words: [email, name], hasSecondFactor });
  return { hash: await links.passwords.hash(accepted), needsFactor: !standsAlone(accepted) };
}

/** Makes sign-ins of the account wait until this transaction has ended, and then see what it did. */
export async function holdAccount(client: ClientBase, accountId: string): Promise<void> {
  await client.query('select from identity.account where id = $1 for update', [accountId]);
}

type Replacement = {
  account: PasswordAccount;
  chosen: ChosenPassword;
  device: Device;
  action: 'password.reset' | 'password.change' | 'email.undo';
  /** A session that stays. Default: none does. */
  keep?: string | undefined;
};

/**
 * Stores a new password with all that follows from it. The account is held.
 *
 * @throws PlatformError password_short: the factor beside which it would have done is gone by now
 */
export async function replacePassword(
  links: LinkDependencies,
  client: ClientBase,
  { account, chosen, device, action, keep }: Replacement,
): Promise<void> {
  const now = new Date(links.clock());
  if (chosen.needsFactor && (await factorKinds(client, account.id)).length === 0) {
    throw new PlatformError('password_short', { field: 'password' });
  }
  await client.query(
    `insert into identity.password (account_id, hash, changed_at, needs_factor) values ($1, $2, $3, $4)
     on conflict (account_id) do update set hash = excluded.hash, changed_at = excluded.changed_at,
       needs_factor = excluded.needs_factor`,
    [account.id, chosen.hash, now, chosen.needsFactor],
  );
  const ending = {
    accountId: account.id,
    reason: 'password_changed',
    exceptSessionId: keep,
    device,
  } as const;
  await endSessions(links, ending, client);
  await withdrawLinks(links, client, account.id);
  await releaseSignIn(links, client, {
    id: account.id,
    emailNormalised: parseEmail(account.email).normalised,
  });
  await recordEvent(links, client, {
    accountId: account.id,
    action,
    targetType: 'identity.account',
    targetId: account.id,
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
  const letter = passwordChangedLetter(links.mailer, account);
  await links.mailer.post(client, { kind: 'password_changed', letter });
}
