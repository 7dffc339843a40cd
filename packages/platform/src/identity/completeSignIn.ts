import type { ClientBase } from 'pg';
import { PlatformError } from '../errors.ts';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { deviceHashOf } from './device.ts';
import { recordEvent } from './event.ts';
import { releaseSignIn, withdrawSignIn } from './lockout.ts';
import type { Device, StartedSession } from './session.ts';
import { startSession } from './startSession.ts';
import type { AttemptAccount, SignInAttempt, SignInVerdict } from './signInRule.ts';

export type SignInOutcome =
  | { kind: 'session'; session: StartedSession }
  | Extract<SignInVerdict, { kind: 'factor_required' }>;

/**
 * The one way from a proof to a session, for every kind of sign-in: it refuses a disabled account, a password that was
 * changed meanwhile, a lock (T-34), and what a rule refuses; asks for a second factor where a rule says so; and starts
 * the session. All in one transaction that holds the account, so that disabling it or ending its sessions comes either before, and
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
  if (within !== undefined) return decide(identity, attempt, within);
  return inTransaction(identity.pool, (client) => decide(identity, attempt, client));
}

async function decide(
  identity: IdentityDependencies,
  attempt: SignInAttempt,
  client: ClientBase,
): Promise<SignInOutcome> {
  const account = await holdAccount(client, attempt);
  const { isLocked, isNewDevice } = await look(identity, client, { attempt, account });
  if (isLocked && isGuessable(attempt)) {
    throw new PlatformError('sign_in_refused', attempt.verifiedBy === 'password' ? {} : { message: locked });
  }
  for (const rule of identity.signInRules) {
    // oxlint-disable-next-line no-await-in-loop -- in their order: a rule may spend a challenge
    const verdict = await rule(attempt, { identity, client, account });
    if (verdict.kind === 'factor_required') {
      // The password was right, which is no failure; what else stands against the account goes on counting.
      if (attempt.countedAttempt !== undefined)
        await withdrawSignIn(identity, client, attempt.countedAttempt);
      return verdict;
    }
  }
  return { kind: 'session', session: await begin(identity, client, { attempt, account, isNewDevice }) };
}

const locked = 'Sign-in is not possible at this moment. Try again in 15 minutes, or reset your password.';

// A lock holds against what can be guessed, or redeemed by whoever reads the mail. Whoever holds a passkey, or comes
// from a provider, guesses nothing, so a stranger's wrong passwords do not shut them out.
function isGuessable({ verifiedBy, secondFactor }: SignInAttempt): boolean {
  if (verifiedBy === 'password' || verifiedBy === 'magic_link') return true;
  return secondFactor === 'totp' || secondFactor === 'recovery_code';
}

async function begin(
  identity: IdentityDependencies,
  client: ClientBase,
  {
    attempt,
    account,
    isNewDevice,
  }: { attempt: SignInAttempt; account: AttemptAccount; isNewDevice: boolean },
): Promise<StartedSession> {
  const { device, verifiedBy, methods, secondFactor, countedAttempt } = attempt;
  const session = await startSession(identity, client, attempt);
  await releaseSignIn(identity, client, { ...account, countedAttempt });
  await recordEvent(identity, client, {
    action: isNewDevice ? 'sign_in.new_device' : 'sign_in.complete',
    targetType: 'identity.session',
    targetId: session.sessionId,
    accountId: account.id,
    detail: { verified_by: verifiedBy, methods, second_factor: secondFactor },
    request: { id: device.requestId, ip: device.ip, userAgent: device.userAgent },
  });
  if (isNewDevice) await tellNewDevice(identity, client, { account, device });
  return session;
}

async function tellNewDevice(
  { notices, clock }: IdentityDependencies,
  client: ClientBase,
  { account, device }: { account: AttemptAccount; device: Device },
): Promise<void> {
  await notices.signInFromNewDevice(client, {
    accountId: account.id,
    email: account.email,
    name: account.name,
    at: new Date(clock()),
    ip: device.ip,
    userAgent: device.userAgent?.slice(0, 512),
  });
}

type AccountRow = { id: string; email: string; email_normalised: string; name: string; disabled: boolean };

async function holdAccount(
  client: ClientBase,
  { accountId, passwordHash }: SignInAttempt,
): Promise<AttemptAccount> {
  // A reset that commits meanwhile ends the sessions it sees, and this one is not yet among them.
  const password = passwordHash !== undefined;
  const { rows } = await client.query<AccountRow>(
    `select a.id, a.email, a.email_normalised, a.name, a.disabled_at is not null as disabled
     from identity.account a ${password ? 'join identity.password p on p.account_id = a.id and p.hash = $2' : ''}
     where a.id = $1 for share`,
    password ? [accountId, passwordHash] : [accountId],
  );
  const row = rows[0];
  if (row === undefined) throw new PlatformError('sign_in_refused');
  if (row.disabled) throw new PlatformError('account_disabled');
  return { id: row.id, email: row.email, emailNormalised: row.email_normalised, name: row.name };
}

/**
 * Whether the account is locked, and whether an account that was signed in before never was on this device: a browser
 * is known by the random value of its device cookie; a program, which keeps no cookies, by how it names itself.
 */
async function look(
  { clock }: IdentityDependencies,
  client: ClientBase,
  { attempt, account }: { attempt: SignInAttempt; account: AttemptAccount },
): Promise<{ isLocked: boolean; isNewDevice: boolean }> {
  const { browser, userAgent } = attempt.device;
  const { rows } = await client.query<{ locked: boolean; unknown: boolean }>(
    `select identity.is_sign_in_locked($1, $2, $3) as locked,
       exists (select from identity.session s where s.account_id = $1) and not exists (
         select from identity.session s
         where s.account_id = $1 and case when $4
           then s.device_hash = $5 else s.device_hash is null and s.user_agent is not distinct from $6 end
       ) as unknown`,
    [
      account.id,
      account.emailNormalised,
      new Date(clock()),
      browser !== undefined,
      deviceHashOf(browser),
      userAgent?.slice(0, 512) ?? null,
    ],
  );
  return { isLocked: rows[0]?.locked === true, isNewDevice: rows[0]?.unknown === true };
}
