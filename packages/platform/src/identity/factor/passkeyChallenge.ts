import { hash as digest } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { randomUuid } from '../../random.ts';
import type { FactorDependencies } from './dependencies.ts';

/** Milliseconds an authenticator may take to answer. */
export const challengeLife = 5 * 60_000;

/** What a challenge is for. One for another purpose, person, session or sign-in does not answer it. */
export type ChallengeUse =
  | { purpose: 'sign_in' }
  | { purpose: 'register' | 'step_up'; accountId: string; sessionId: string }
  | { purpose: 'second_factor'; accountId: string; pendingSignInId: string };

type Dependencies = Pick<FactorDependencies, 'pool' | 'clock' | 'randomBytes'>;

/** Issues a challenge: 32 random bytes, of which the hash is stored. */
export async function issueChallenge(
  { pool, clock, randomBytes }: Dependencies,
  use: ChallengeUse,
): Promise<Buffer> {
  const challenge = Buffer.from(randomBytes(32));
  const now = clock();
  const { accountId, sessionId, pendingSignInId } = holderOf(use);
  await pool.query(
    `insert into identity.passkey_challenge
       (id, purpose, challenge_hash, account_id, session_id, pending_sign_in_id, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      randomUuid(randomBytes),
      use.purpose,
      sha256(challenge),
      accountId,
      sessionId,
      pendingSignInId,
      new Date(now),
      new Date(now + challengeLife),
    ],
  );
  return challenge;
}

/**
 * Spends a challenge, once and for one use. It is spent by an answer of any kind, before that is looked at: a wrong one
 * cannot be corrected and tried again.
 */
export async function spendChallenge(
  { clock }: Pick<Dependencies, 'clock'>,
  database: Pool | ClientBase,
  { challenge, use }: { challenge: Uint8Array; use: ChallengeUse },
): Promise<boolean> {
  const now = new Date(clock());
  const { accountId, sessionId, pendingSignInId } = holderOf(use);
  const { rowCount } = await database.query(
    `update identity.passkey_challenge set consumed_at = $3
     where challenge_hash = $1 and purpose = $2 and consumed_at is null and expires_at > $3
       and account_id is not distinct from $4 and session_id is not distinct from $5
       and pending_sign_in_id is not distinct from $6`,
    [sha256(challenge), use.purpose, now, accountId, sessionId, pendingSignInId],
  );
  return rowCount === 1;
}

function holderOf(use: ChallengeUse): Record<'accountId' | 'sessionId' | 'pendingSignInId', string | null> {
  return {
    accountId: 'accountId' in use ? use.accountId : null,
    sessionId: 'sessionId' in use ? use.sessionId : null,
    pendingSignInId: 'pendingSignInId' in use ? use.pendingSignInId : null,
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return digest('sha256', bytes, 'buffer');
}
