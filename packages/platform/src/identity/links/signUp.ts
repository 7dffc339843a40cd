import { PlatformError, translating } from '../../errors.ts';
import { parseName } from '../../name.ts';
import { randomUuid } from '../../random.ts';
import { insertTenant } from '../../tenants/insertTenant.ts';
import { inTransaction } from '../../transaction.ts';
import { completeSignIn, type SignInOutcome } from '../completeSignIn.ts';
import { parseEmail } from '../email.ts';
import { recordEvent } from '../event.ts';
import { acceptNewPassword } from '../newPassword.ts';
import type { Device } from '../session.ts';
import { bindBrowser, isBoundBrowser } from './browser.ts';
import type { LinkDependencies } from './dependencies.ts';
import { readSignUp, storeRequest, type RequestDetails } from './request.ts';
import { consumeLink, findLink } from './token.ts';

export type SignUpRequest = {
  email: string;
  password: string;
  /** The person's name. */
  name: string;
  tenantName: string;
  companyName?: string | undefined;
};

/**
 * Asks for an account. Nothing comes of it before whoever reads the address's mail confirms it, and the answer is the
 * same, after the same work, when the address has an account already: its owner is told by mail (AUT-12).
 *
 * @returns `browser`: a secret for the asking browser's cookie, by which the confirmation knows it again
 * @throws PlatformError email_invalid, password_short, password_long, password_invalid, password_common,
 *   password_breached, input_invalid, busy
 */
export async function requestSignUp(
  links: LinkDependencies,
  input: SignUpRequest,
): Promise<{ browser: string }> {
  const { address } = parseEmail(input.email);
  const name = parseName(input.name, 'name');
  const tenantName = parseName(input.tenantName, 'tenantName');
  const companyName =
    input.companyName === undefined ? undefined : parseName(input.companyName, 'companyName');
  const password = await acceptNewPassword(links, input.password, {
    words: [address, name, tenantName, companyName ?? ''],
  });
  const passwordHash = await links.passwords.hash(password);
  const { secret, hash } = bindBrowser(links.randomBytes);
  const browserHash = hash.toString('base64url');
  await storeRequest(links, 'sign_up', {
    email: address,
    name,
    tenantName,
    companyName,
    passwordHash,
    browserHash,
  });
  return { browser: secret };
}

export type SignUpConfirmation = {
  token: string;
  /** The secret in the browser's cookie, if it has one. */
  browser: string | undefined;
  /** Needed in any other browser than the one that signed up. */
  password?: string | undefined;
  device: Device;
};

/**
 * Makes the account and the tenant that were asked for, in the transaction that consumes the link, and signs in. In another
 * browser than the one that asked, only together with the password chosen then: otherwise whoever signs up with
 * somebody else's address would get an account that the address's owner confirms and uses, and whose password the
 * former knows.
 *
 * @throws PlatformError link_invalid, password_required, password_wrong, email_taken, busy, and what completeSignIn throws
 */
export async function confirmSignUp(
  links: LinkDependencies,
  { token, browser, password, device }: SignUpConfirmation,
): Promise<{ accountId: string; tenantId: string; signIn: SignInOutcome }> {
  const link = await findLink(links, { type: 'sign_up', token });
  const asked = await readSignUp(links, links.pool, link.target_id);
  if (asked === undefined) throw new PlatformError('link_invalid');
  await assertSamePerson(links, asked, { browser, password });
  const made = await translating({ account_email_unique: 'email_taken' }, () =>
    make(links, { token, asked, device }),
  );
  const signIn = await completeSignIn(links, {
    accountId: made.accountId,
    device,
    methods: ['pwd'],
    verifiedBy: 'password',
    passwordHash: asked.passwordHash,
  });
  return { ...made, signIn };
}

async function assertSamePerson(
  { passwords }: LinkDependencies,
  asked: RequestDetails['sign_up'],
  { browser, password }: Pick<SignUpConfirmation, 'browser' | 'password'>,
): Promise<void> {
  if (isBoundBrowser(browser, Buffer.from(asked.browserHash, 'base64url'))) return;
  if (password === undefined) throw new PlatformError('password_required', { field: 'password' });
  const { matches } = await passwords.verify(password, asked.passwordHash);
  if (!matches) throw new PlatformError('password_wrong', { field: 'password' });
}

type Making = { token: string; asked: RequestDetails['sign_up']; device: Device };

async function make(
  links: LinkDependencies,
  { token, asked, device }: Making,
): Promise<{ accountId: string; tenantId: string }> {
  const { address, normalised } = parseEmail(asked.email);
  const accountId = randomUuid(links.randomBytes);
  const now = new Date(links.clock());
  return inTransaction(links.pool, async (client) => {
    const link = await consumeLink(links, client, { type: 'sign_up', token });
    await client.query('update identity.link_request set detail = null where id = $1', [link.target_id]);
    await insertAccount(client, {
      id: accountId,
      email: address,
      emailNormalised: normalised,
      name: asked.name,
      passwordHash: asked.passwordHash,
      now,
    });
    const tenant = { ownerAccountId: accountId, name: asked.tenantName, companyName: asked.companyName };
    const { tenantId } = await insertTenant(links, client, tenant);
    await recordEvent(links, client, {
      accountId,
      action: 'account.create',
      targetType: 'identity.account',
      targetId: accountId,
      request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
    });
    return { accountId, tenantId };
  });
}

export type ProvenAccount = {
  id: string;
  email: string;
  emailNormalised: string;
  name: string;
  passwordHash: string;
  now: Date;
};

/** Makes an account whose address was proved by the link in hand. */
export async function insertAccount(
  client: { query(text: string, values: readonly unknown[]): Promise<unknown> },
  { id, email, emailNormalised, name, passwordHash, now }: ProvenAccount,
): Promise<void> {
  await client.query(
    `insert into identity.account (id, email, email_normalised, name, created_at) values ($1, $2, $3, $4, $5)`,
    [id, email, emailNormalised, name, now],
  );
  await client.query('update identity.account set email_verified_at = $2 where id = $1', [id, now]);
  await client.query('insert into identity.password (account_id, hash, changed_at) values ($1, $2, $3)', [
    id,
    passwordHash,
    now,
  ]);
}
