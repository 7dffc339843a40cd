import type { IdentityDependencies } from './dependencies.ts';
import { hashSecretToken } from './secretToken.ts';

/**
 * Ends the session of a token. `ended` is false when there was no live one: nothing is left to end. A failure to
 * end it is thrown, never answered as success (T-45).
 */
export async function signOut(
  { pool, clock, sessions }: IdentityDependencies,
  token: string,
): Promise<{ ended: boolean }> {
  const tokenHash = hashSecretToken(token);
  if (tokenHash === null) return { ended: false };
  try {
    const { rowCount } = await pool.query(
      `update identity.session set ended_at = $2, ended_reason = 'signed_out'
       where token_hash = $1 and ended_at is null`,
      [tokenHash, new Date(clock())],
    );
    return { ended: rowCount === 1 };
  } finally {
    sessions.forget(tokenHash);
  }
}

/** Ends an account's sessions except one: after a change of password, or at its owner's wish. */
export async function endOtherSessions(
  { pool, clock, sessions }: IdentityDependencies,
  { accountId, exceptSessionId }: { accountId: string; exceptSessionId: string },
): Promise<{ ended: number }> {
  try {
    const { rowCount } = await pool.query(
      `update identity.session set ended_at = $3, ended_reason = 'ended_elsewhere'
       where account_id = $1 and id <> $2 and ended_at is null`,
      [accountId, exceptSessionId, new Date(clock())],
    );
    return { ended: rowCount ?? 0 };
  } finally {
    sessions.forgetAccount(accountId);
  }
}
