import { PlatformError } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { completeSignIn, type SignInOutcome } from '../completeSignIn.ts';
import { parseEmail } from '../email.ts';
import type { Device } from '../session.ts';
import { bindBrowser, isBoundBrowser } from './browser.ts';
import type { LinkDependencies } from './dependencies.ts';
import { storeRequest } from './request.ts';
import { consumeLink } from './token.ts';

/** Not registered in RFC 8176, and no value that could pass for a second factor. */
const magicLinkMethod = 'email';

/**
 * Asks for a link to sign in. The same row is written whether or not the address has an account.
 *
 * @returns `browser`: a secret for the asking browser's cookie, without which the link does not work
 * @throws PlatformError email_invalid
 */
export async function requestMagicLink(
  links: LinkDependencies,
  { email }: { email: string },
): Promise<{ browser: string }> {
  const { secret, hash } = bindBrowser(links.randomBytes);
  const browserHash = hash.toString('base64url');
  await storeRequest(links, 'magic_link', { email: parseEmail(email).address, browserHash });
  return { browser: secret };
}

/**
 * Signs in by such a link, in the browser that asked for it: a link that is forwarded, or opened by whatever looks
 * through mail for harm, signs nobody in and stays good. Consumed in the transaction that starts the session or asks
 * for the second factor; what refuses the sign-in (a lockout, T-34) leaves it good too.
 *
 * @throws PlatformError link_invalid, link_other_browser, and what completeSignIn throws
 */
export async function redeemMagicLink(
  links: LinkDependencies,
  { token, browser, device }: { token: string; browser: string | undefined; device: Device },
): Promise<SignInOutcome> {
  const { accountId, signIn } = await inTransaction(links.pool, async (client) => {
    const link = await consumeLink(links, client, { type: 'magic_link', token });
    if (link.browser_hash === null || link.account_id === null) throw new PlatformError('link_invalid');
    if (!isBoundBrowser(browser, link.browser_hash)) throw new PlatformError('link_other_browser');
    const proved = await client.query(
      `update identity.account set email_verified_at = coalesce(email_verified_at, $3)
       where id = $1 and email_normalised = $2`,
      [link.account_id, link.email_normalised, new Date(links.clock())],
    );
    // The account has another address by now.
    if (proved.rowCount !== 1) throw new PlatformError('link_invalid');
    const attempt = {
      accountId: link.account_id,
      device,
      methods: [magicLinkMethod],
      verifiedBy: 'magic_link',
    } as const;
    return { accountId: link.account_id, signIn: await completeSignIn(links, attempt, client) };
  });
  links.sessions.forgetAccount(accountId);
  return signIn;
}
