import type { ClientBase } from 'pg';
import { PlatformError, translating } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { parseEmail } from '../email.ts';
import { endSessions } from '../endSessions.ts';
import { recordEvent } from '../event.ts';
import type { Device } from '../session.ts';
import type { LinkDependencies } from './dependencies.ts';
import { emailChangedLetter } from './letters.ts';
import {
  assertPassword,
  findAccount,
  hashNewPassword,
  holdAccount,
  replacePassword,
  type ChosenPassword,
  type PasswordAccount,
} from './password.ts';
import { storeRequest } from './request.ts';
import { takeBackAdded } from './takeBack.ts';
import { consumeLink, findLink, issueLink, withdrawLinks, type LinkRow } from './token.ts';

export type EmailChangeRequest = {
  accountId: string;
  email: string;
  password?: string | undefined;
  /** When the session's holder last proved who they are. */
  authenticatedAt: Date;
  device: Device;
};

/**
 * Asks to use another address from now on. An account that has a password must show it; one that has none must have
 * signed in within ten minutes (`authenticatedAt`). Whether the new address has an account already is found out when the
 * request is answered, by mail to that address.
 *
 * @throws PlatformError email_invalid, password_wrong, attempts_exhausted, step_up_required, busy
 */
export async function requestEmailChange(links: LinkDependencies, input: EmailChangeRequest): Promise<void> {
  const { address } = parseEmail(input.email);
  const account = await findAccount(links.pool, input.accountId);
  if (account.hash !== null) {
    const { password: typed = '', device } = input;
    await assertPassword(links, account, { typed, device, field: 'password' });
  } else if (links.clock() - input.authenticatedAt.getTime() > recently) {
    throw new PlatformError('step_up_required');
  }
  await storeRequest(links, 'email_change', { accountId: account.id, email: address });
}

const recently = 10 * 60_000;
const dayBefore = 24 * 3_600_000;

/**
 * Gives the account the address that the link was sent to. Only for the account's own session: a link that went to a
 * mistyped address gives the stranger who reads it nothing. The old address is told, with a link that undoes it for
 * seven days; other sessions end.
 *
 * @throws PlatformError link_invalid, email_taken (said to whoever reads the address's mail)
 */
export async function redeemEmailChange(
  links: LinkDependencies,
  input: { token: string; accountId: string; sessionId: string; device: Device },
): Promise<{ email: string }> {
  const email = await translating({ account_email_unique: 'email_taken' }, () =>
    inTransaction(links.pool, async (client) => {
      await holdAccount(client, input.accountId);
      const link = await consumeLink(links, client, { type: 'email_change', token: input.token });
      if (link.account_id !== input.accountId || link.email === null) throw new PlatformError('link_invalid');
      await move(links, client, { ...input, email: link.email });
      return link.email;
    }),
  );
  links.sessions.forgetAccount(input.accountId);
  return { email };
}

type Move = { accountId: string; sessionId: string; email: string; device: Device };

async function move(
  links: LinkDependencies,
  client: ClientBase,
  { accountId, sessionId, email, device }: Move,
): Promise<void> {
  const old = await findAccount(client, accountId);
  const now = new Date(links.clock());
  await setAddress(client, { accountId, email, now });
  const ending = { accountId, reason: 'ended_elsewhere', exceptSessionId: sessionId, device } as const;
  await endSessions(links, ending, client);
  await withdrawLinks(links, client, accountId);
  const undo = await issueLink(links, client, {
    type: 'email_change_undo',
    emailNormalised: parseEmail(old.email).normalised,
    email: old.email,
    accountId,
  });
  await record(links, client, { accountId, action: 'email.change', device });
  const letter = emailChangedLetter(links.mailer, { ...old, newEmail: email }, undo.token);
  await links.mailer.post(client, { kind: 'email_changed', letter, expiresAt: undo.expiresAt });
}

/**
 * Undoes a change of address, for whoever reads the old address's mail: brings the address back, sets a new password
 * (whoever changed the address knew the old one), takes back the factors and providers added since the day before the
 * change, and ends every session, in one transaction.
 *
 * @throws PlatformError link_invalid, email_taken, password_short, password_long, password_invalid, password_common,
 *   password_breached, busy
 */
export async function undoEmailChange(
  links: LinkDependencies,
  { token, password, device }: { token: string; password: string; device: Device },
): Promise<void> {
  const link = await findLink(links, { type: 'email_change_undo', token });
  const account = await findAccount(links.pool, link.account_id);
  const chosen = await hashNewPassword(links, account, password);
  await translating({ account_email_unique: 'email_taken' }, () =>
    inTransaction(links.pool, async (client) => {
      await holdAccount(client, account.id);
      const consumed = await consumeLink(links, client, { type: 'email_change_undo', token });
      await restore(links, client, { consumed, account, chosen, device });
    }),
  );
  links.sessions.forgetAccount(account.id);
}

type Restoration = { consumed: LinkRow; account: PasswordAccount; chosen: ChosenPassword; device: Device };

async function restore(
  links: LinkDependencies,
  client: ClientBase,
  { consumed, account, chosen, device }: Restoration,
): Promise<void> {
  const email = consumed.email ?? '';
  const now = new Date(links.clock());
  await setAddress(client, { accountId: account.id, email, now });
  // Undoings of later changes are the intruder's; earlier ones stay good, or one could be used up to void another.
  await client.query(
    `update identity.one_time_token set consumed_at = $3
     where account_id = $1 and type = 'email_change_undo' and created_at > $2 and consumed_at is null`,
    [account.id, consumed.created_at, now],
  );
  // A way in is left behind before the address is changed as well as after.
  const since = new Date(consumed.created_at.getTime() - dayBefore);
  await takeBackAdded(links, client, { accountId: account.id, since, device });
  await replacePassword(links, client, {
    account: { ...account, email },
    chosen,
    device,
    action: 'email.undo',
  });
}

async function setAddress(
  client: ClientBase,
  { accountId, email, now }: { accountId: string; email: string; now: Date },
): Promise<void> {
  const { rowCount } = await client.query(
    `update identity.account set email = $2, email_normalised = $3, email_verified_at = $4
     where id = $1 and disabled_at is null`,
    [accountId, email, parseEmail(email).normalised, now],
  );
  if (rowCount !== 1) throw new PlatformError('link_invalid');
}

async function record(
  links: LinkDependencies,
  client: ClientBase,
  { accountId, action, device }: { accountId: string; action: 'email.change'; device: Device },
): Promise<void> {
  await recordEvent(links, client, {
    accountId,
    action,
    targetType: 'identity.account',
    targetId: accountId,
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
}
