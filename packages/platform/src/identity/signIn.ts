import { PlatformError } from '../errors.ts';
import { completeSignIn, type SignInOutcome } from './completeSignIn.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { parseEmail } from './email.ts';
import { normalisePassword } from './passwordPolicy.ts';
import type { Device } from './session.ts';

export type SignIn = { email: string; password: string; device: Device };

/**
 * Signs in with a password. An unknown address, a malformed one, an account without a password and a wrong password
 * get the same answer after the same work (AUT-12). A bcrypt hash, or an Argon2id one below today's cost, is replaced.
 * An imported bcrypt hash takes its own time to verify until that first sign-in.
 *
 * @throws PlatformError sign_in_refused, account_disabled (the password was right), busy
 */
export async function signIn(
  identity: IdentityDependencies,
  { email, password, device }: SignIn,
): Promise<SignInOutcome> {
  const account = await findAccount(identity, normalisedOrNull(email));
  const typed = typedOrNull(password);
  const stored = typed === null ? undefined : (account?.hash ?? undefined);
  const { matches, upgradable } = await identity.passwords.verify(typed ?? '', stored);
  if (account === undefined || typed === null || !matches) throw new PlatformError('sign_in_refused');
  const upgraded = upgradable && !account.disabled ? await upgrade(identity, { account, typed }) : null;
  return completeSignIn(identity, {
    accountId: account.id,
    device,
    methods: ['pwd'],
    verifiedBy: 'password',
    passwordHash: upgraded ?? account.hash ?? undefined,
  });
}

type AccountRow = { id: string; disabled: boolean; hash: string | null };

async function findAccount(
  { pool }: IdentityDependencies,
  email: string | null,
): Promise<AccountRow | undefined> {
  const { rows } = await pool.query<AccountRow>(
    `select a.id, a.disabled_at is not null as disabled, p.hash
     from identity.account a
     left join identity.password p on p.account_id = a.id
     where a.email_normalised = $1`,
    [email],
  );
  return rows[0];
}

// Only over the hash that was verified: a password changed meanwhile stays. When too many hashes are under way the
// upgrade waits for the next sign-in; this one is right as it is. Returns the hash now stored, null when none was.
async function upgrade(
  { pool, passwords }: IdentityDependencies,
  { account, typed }: { account: AccountRow; typed: string },
): Promise<string | null> {
  const hash = await passwords.hash(typed.normalize('NFKC')).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'busy') return null;
    throw error;
  });
  if (hash === null) return null;
  const { rowCount } = await pool.query(
    'update identity.password set hash = $3 where account_id = $1 and hash = $2',
    [account.id, account.hash, hash],
  );
  return rowCount === 1 ? hash : null;
}

function normalisedOrNull(email: string): string | null {
  try {
    return parseEmail(email).normalised;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
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
