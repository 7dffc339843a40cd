import { deviceLabel, endSessions, listSessions, parseEmail } from '@bulkhead/platform/identity';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { CommandFailure } from '../command-line/failure.ts';

/** A live session as the command shows it. */
export type ListedSession = {
  readonly id: string;
  readonly device: string;
  readonly ip: string | null;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly methods: readonly string[];
};

/** @throws CommandFailure account_missing */
async function accountOf(identity: IdentityDependencies, email: string): Promise<string> {
  const { rows } = await identity.pool.query<{ id: string }>(
    'select id from identity.account where email_normalised = $1',
    [parseEmail(email).normalised],
  );
  const [account] = rows;
  if (account === undefined) {
    throw new CommandFailure('account_missing', `There is no account with the address ${email}.`);
  }
  return account.id;
}

/** @throws CommandFailure account_missing */
export async function accountSessions(
  identity: IdentityDependencies,
  email: string,
): Promise<ListedSession[]> {
  const sessions = await listSessions(identity, await accountOf(identity, email));
  return sessions.map(({ id, userAgent, ip, createdAt, lastSeenAt, methods }) => ({
    id,
    device: deviceLabel(userAgent),
    ip,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    methods,
  }));
}

/**
 * Ends every session of an account, and what hangs on them: refresh tokens, sign-ins to applications.
 *
 * @throws CommandFailure account_missing
 */
export async function endAccountSessions(
  identity: IdentityDependencies,
  email: string,
): Promise<{ ended: number }> {
  const accountId = await accountOf(identity, email);
  const { ended } = await endSessions(identity, { accountId, reason: 'operator' });
  return { ended: ended.length };
}
