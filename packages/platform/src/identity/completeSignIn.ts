import type { ClientBase } from 'pg';
import { PlatformError } from '../errors.ts';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { startSession, type StartedSession } from './session.ts';
import type { AttemptAccount, SignInAttempt, SignInVerdict } from './signInRule.ts';

export type SignInOutcome =
  | { kind: 'session'; session: StartedSession }
  | Extract<SignInVerdict, { kind: 'factor_required' }>;

/**
 * The one way from a proof to a session, for every kind of sign-in: it refuses a disabled account, a password that was
 * changed meanwhile, and what a rule refuses; asks for a second factor where a rule says so; and starts the session.
 * All in one transaction that holds the account, so that disabling it or ending its sessions comes either before, and
 * is seen, or after, and ends this session too.
 *
 * @param within the caller's open transaction, in which a link or code is consumed; default one of its own
 * @throws PlatformError sign_in_refused, account_disabled, and whatever a rule refuses with
 */
export async function completeSignIn(
  identity: IdentityDependencies,
  attempt: SignInAttempt,
  within?: ClientBase,
): Promise<SignInOutcome> {
  if (within === undefined)
    return inTransaction(identity.pool, (client) => decide(identity, attempt, client));
  return decide(identity, attempt, within);
}

async function decide(
  identity: IdentityDependencies,
  attempt: SignInAttempt,
  client: ClientBase,
): Promise<SignInOutcome> {
  const account = await holdAccount(client, attempt);
  for (const rule of identity.signInRules) {
    // oxlint-disable-next-line no-await-in-loop -- in their order: a rule may spend a challenge
    const verdict = await rule(attempt, { identity, client, account });
    if (verdict.kind === 'factor_required') return verdict;
  }
  const session = await startSession(identity, client, attempt);
  return { kind: 'session', session };
}

type AccountRow = { id: string; email: string; email_normalised: string; name: string; disabled: boolean };

async function holdAccount(
  client: ClientBase,
  { accountId, passwordHash }: SignInAttempt,
): Promise<AttemptAccount> {
  const { rows } = await client.query<AccountRow>(
    `select id, email, email_normalised, name, disabled_at is not null as disabled
     from identity.account where id = $1 for share`,
    [accountId],
  );
  const row = rows[0];
  if (row === undefined) throw new PlatformError('sign_in_refused');
  if (row.disabled) throw new PlatformError('account_disabled');
  if (passwordHash !== undefined) await holdPassword(client, { accountId, passwordHash });
  return { id: row.id, email: row.email, emailNormalised: row.email_normalised, name: row.name };
}

// A reset that commits meanwhile ends the sessions it sees, and this one is not yet among them.
async function holdPassword(
  client: ClientBase,
  { accountId, passwordHash }: { accountId: string; passwordHash: string },
): Promise<void> {
  const { rowCount } = await client.query(
    'select from identity.password where account_id = $1 and hash = $2 for share',
    [accountId, passwordHash],
  );
  if (rowCount !== 1) throw new PlatformError('sign_in_refused');
}
