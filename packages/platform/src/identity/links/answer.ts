import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { VaultError } from '../../vault/index.ts';
import { parseEmail } from '../email.ts';
import type { LinkDependencies } from './dependencies.ts';
import {
  addressInUseLetter,
  alreadySignedUpLetter,
  confirmSignUpLetter,
  emailChangeLetter,
  magicLinkLetter,
  passwordResetLetter,
} from './letters.ts';
import { openDetail, type OpenRequest, type RequestDetails, type RequestType } from './request.ts';
import { issueLink } from './token.ts';

type Answering = { links: LinkDependencies; client: ClientBase; requestId: string };
type Holder = { id: string; email: string; name: string; disabled: boolean };

/**
 * Answers requests for links, the oldest first, each in a transaction of its own: it finds out whose the address is,
 * issues the link and queues the letter, or does nothing. Several servers may do it at once. A request that cannot be
 * answered is marked answered all the same, so that it holds up no other.
 *
 * @returns how many were answered
 */
export async function answerRequests(links: LinkDependencies, limit = 20): Promise<number> {
  let answered = 0;
  // One after the other: the next is claimed only when this one is done.
  // oxlint-disable-next-line no-await-in-loop
  while (answered < limit && (await answerNext(links))) answered += 1;
  return answered;
}

async function answerNext(links: LinkDependencies): Promise<boolean> {
  const now = new Date(links.clock());
  return inTransaction(links.pool, async (client) => {
    const { rows } = await client.query<OpenRequest & { expired: boolean }>(
      `select id, type, detail, expires_at <= $1 as expired from identity.link_request
       where answered_at is null order by created_at limit 1 for update skip locked`,
      [now],
    );
    const request = rows[0];
    if (request === undefined) return false;
    const keep = !request.expired && (await answer({ links, client, requestId: request.id }, request));
    await client.query(
      'update identity.link_request set answered_at = $2, detail = case when $3 then detail end where id = $1',
      [request.id, now, keep],
    );
    return true;
  });
}

/** @returns whether the detail is still needed: for a sign-up that waits to be confirmed */
async function answer(answering: Answering, request: OpenRequest): Promise<boolean> {
  const { cipher } = answering.links;
  try {
    if (request.type === 'sign_up')
      return await answerSignUp(answering, openDetail(cipher, 'sign_up', request));
    if (request.type === 'password_reset')
      await answerReset(answering, openDetail(cipher, 'password_reset', request));
    if (request.type === 'magic_link')
      await answerMagicLink(answering, openDetail(cipher, 'magic_link', request));
    if (request.type === 'email_change')
      await answerEmailChange(answering, openDetail(cipher, 'email_change', request));
  } catch (error) {
    // Written by nobody who holds the key, or nothing that could be mailed: no reason to hold up the others.
    if (!(error instanceof VaultError || error instanceof PlatformError)) throw error;
  }
  return false;
}

async function findHolder(client: ClientBase, email: string): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `select id, email, name, disabled_at is not null as disabled from identity.account where email_normalised = $1`,
    [parseEmail(email).normalised],
  );
  return rows[0];
}

async function answerSignUp(
  { links, client, requestId }: Answering,
  detail: RequestDetails['sign_up'],
): Promise<boolean> {
  const holder = await findHolder(client, detail.email);
  if (holder !== undefined) {
    const letter = alreadySignedUpLetter(links.mailer, holder);
    await links.mailer.post(client, { kind: 'already_signed_up', letter });
    return false;
  }
  const { address, normalised } = parseEmail(detail.email);
  const link = { type: 'sign_up', emailNormalised: normalised, requestId } as const;
  const { token, expiresAt } = await issueLink(links, client, link);
  // The name is whatever a stranger typed: it does not go to an address that may not be theirs.
  const letter = confirmSignUpLetter(links.mailer, { email: address }, token);
  await links.mailer.post(client, { kind: 'sign_up', letter, expiresAt });
  return true;
}

async function answerReset(
  { links, client }: Answering,
  detail: RequestDetails['password_reset'],
): Promise<void> {
  const holder = await findHolder(client, detail.email);
  if (holder === undefined || holder.disabled) return;
  const { normalised } = parseEmail(holder.email);
  const link = { type: 'password_reset', emailNormalised: normalised, accountId: holder.id } as const;
  const { token, expiresAt } = await issueLink(links, client, link);
  const letter = passwordResetLetter(links.mailer, holder, token);
  await links.mailer.post(client, { kind: 'password_reset', letter, expiresAt });
}

async function answerMagicLink(
  { links, client }: Answering,
  detail: RequestDetails['magic_link'],
): Promise<void> {
  const holder = await findHolder(client, detail.email);
  if (holder === undefined || holder.disabled) return;
  const { token, expiresAt } = await issueLink(links, client, {
    type: 'magic_link',
    emailNormalised: parseEmail(holder.email).normalised,
    accountId: holder.id,
    browserHash: Buffer.from(detail.browserHash, 'base64url'),
  });
  const letter = magicLinkLetter(links.mailer, holder, token);
  await links.mailer.post(client, { kind: 'magic_link', letter, expiresAt });
}

async function answerEmailChange(
  { links, client }: Answering,
  detail: RequestDetails['email_change'],
): Promise<void> {
  const holder = await findHolder(client, detail.email);
  if (holder !== undefined && holder.id !== detail.accountId) {
    const letter = addressInUseLetter(links.mailer, holder);
    await links.mailer.post(client, { kind: 'address_in_use', letter });
    return;
  }
  const { address, normalised } = parseEmail(detail.email);
  const link = {
    type: 'email_change',
    emailNormalised: normalised,
    email: address,
    accountId: detail.accountId,
  } as const;
  const { token, expiresAt } = await issueLink(links, client, link);
  // Without the name: it would be text of one person's in a letter to an address that may be another's.
  const letter = emailChangeLetter(links.mailer, { email: address }, token);
  await links.mailer.post(client, { kind: 'email_change', letter, expiresAt });
}

/** Deletes requests and links that expired more than 30 days ago. @param pool connected as bulkhead_worker */
export async function purgeLinks({ pool, clock }: Pick<LinkDependencies, 'pool' | 'clock'>): Promise<void> {
  await pool.query('select identity.purge_links($1)', [new Date(clock() - 30 * 24 * 3_600_000)]);
}

export type { RequestType };
