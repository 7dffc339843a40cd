import { PlatformError } from '../errors.ts';
import { completeSignIn, type SignInOutcome } from './completeSignIn.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { beginSignIn, failSignIn, withdrawSignIn, type CountedAttempt } from './lockout.ts';
import { normalisePassword } from './passwordPolicy.ts';
import type { Device } from './session.ts';

export type SignIn = { email: string; password: string; device: Device };

/**
 * Signs in with a password. An unknown address, a malformed one, an account without a password, a wrong password and
 * a lock get the same answer; all but a lock after the same work (AUT-12). A bcrypt hash, or an Argon2id one below
 * today's cost, is replaced. An imported bcrypt hash takes its own time to verify until that first sign-in.
 *
 * @throws PlatformError sign_in_refused, account_disabled (the password was right), busy
 */
export async function signIn(
  identity: IdentityDependencies,
  { email, password, device }: SignIn,
): Promise<SignInOutcome> {
  const attempt = await beginSignIn(identity, { email, device });
  return withdrawing(identity, attempt, async () => {
    const typed = typedOrNull(password);
    const stored = typed === null ? undefined : (attempt.hash ?? undefined);
    const { matches, upgradable } = await identity.passwords.verify(typed ?? '', stored);
    const { accountId, hash } = attempt;
    if (accountId === null || hash === null || typed === null || !matches) {
      await failSignIn(identity, attempt, device);
      throw new FailedSignIn();
    }
    const upgraded = upgradable ? await upgrade(identity, { accountId, hash, typed }) : null;
    return completeSignIn(identity, {
      accountId,
      device,
      methods: ['pwd'],
      verifiedBy: 'password',
      passwordHash: upgraded ?? hash,
      countedAttempt: attempt.id,
    });
  });
}

/** The one failure that goes on counting. */
class FailedSignIn extends PlatformError {
  constructor() {
    super('sign_in_refused');
  }
}

async function withdrawing<Result>(
  identity: IdentityDependencies,
  attempt: CountedAttempt,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FailedSignIn)) await withdrawSignIn(identity, identity.pool, attempt.id);
    throw error;
  }
}

// Only over the hash that was verified: a password changed meanwhile stays. When too many hashes are under way the
// upgrade waits for the next sign-in; this one is right as it is. Returns the hash now stored, null when none was.
async function upgrade(
  { pool, passwords }: IdentityDependencies,
  { accountId, hash, typed }: { accountId: string; hash: string; typed: string },
): Promise<string | null> {
  const stronger = await passwords.hash(typed.normalize('NFKC')).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'busy') return null;
    throw error;
  });
  if (stronger === null) return null;
  const { rowCount } = await pool.query(
    'update identity.password set hash = $3 where account_id = $1 and hash = $2',
    [accountId, hash, stronger],
  );
  return rowCount === 1 ? stronger : null;
}

// What could never have been set cannot match; it is not given to a hash function, whatever its length.
function typedOrNull(password: string): string | null {
  try {
    normalisePassword(password);
    return password;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}
