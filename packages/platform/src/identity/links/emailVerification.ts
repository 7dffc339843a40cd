import { PlatformError } from '../../errors.ts';
import { inTransaction } from '../../transaction.ts';
import { parseEmail } from '../email.ts';
import type { LinkDependencies } from './dependencies.ts';
import { verifyEmailLetter } from './letters.ts';
import { issueLink } from './token.ts';

/**
 * Sends an account, signed in, a link by which it proves its address: the one on record, never one from a request.
 *
 * @throws PlatformError account_missing
 */
export async function sendEmailVerification(
  links: LinkDependencies,
  { accountId }: { accountId: string },
): Promise<void> {
  await inTransaction(links.pool, async (client) => {
    const { rows } = await client.query<{ email: string; name: string }>(
      'select email, name from identity.account where id = $1 and disabled_at is null',
      [accountId],
    );
    const account = rows[0];
    if (account === undefined) throw new PlatformError('account_missing');
    const emailNormalised = parseEmail(account.email).normalised;
    const link = { type: 'email_verification', emailNormalised, accountId } as const;
    const { token, expiresAt } = await issueLink(links, client, link);
    // Without the name: the address is not proved, so it may be a stranger's.
    const letter = verifyEmailLetter(links.mailer, { email: account.email }, token);
    await links.mailer.post(client, { kind: 'email_verification', letter, expiresAt });
  });
}
