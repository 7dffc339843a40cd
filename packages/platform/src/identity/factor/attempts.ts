import { PlatformError, type PlatformErrorCode } from '../../errors.ts';
import { randomUuid } from '../../random.ts';
import { inTransaction } from '../../transaction.ts';
import { recordEvent } from '../event.ts';
import type { Device } from '../session.ts';
import type { FactorDependencies } from './dependencies.ts';
import { holdAccount } from './factors.ts';

/** Failures after which an account has to wait, and the milliseconds within which they count. */
const limit = 5;
const window = 15 * 60_000;

/**
 * What a proof is tried for. `confined_…`: a tenant's provider vouched for the first factor. It may lie about whom it
 * signs in, so tries behind it count by themselves: they must not use up those of the person.
 */
type Use = 'sign_in' | 'step_up' | 'confined_sign_in' | 'confined_step_up';
type Attempt = { accountId: string; use: Use; device: Device };

/** What a wrong guess is refused with. Any other error is no guess and does not count. */
const guesses: ReadonlySet<PlatformErrorCode> = new Set([
  'code_refused',
  'passkey_refused',
  'sign_in_refused',
]);

/**
 * Lets a proof be tried while the account has fewer than five failures in fifteen minutes. A try counts as failed from
 * before it is looked at, so that a hundred at once are five.
 *
 * @throws PlatformError attempts_exhausted, account_disabled, and what `work` does
 */
export async function limitingAttempts<Result>(
  factors: FactorDependencies,
  attempt: Attempt,
  work: () => Promise<Result>,
): Promise<Result> {
  const { id, last } = await begin(factors, attempt);
  try {
    const result = await work();
    await forgive(factors, id);
    return result;
  } catch (error) {
    const guess = error instanceof PlatformError && guesses.has(error.code);
    if (!guess) await forgive(factors, id);
    else if (last) await announceLock(factors, attempt);
    throw error;
  }
}

async function begin(
  { pool, clock, randomBytes }: FactorDependencies,
  { accountId, use }: Attempt,
): Promise<{ id: string; last: boolean }> {
  const id = randomUuid(randomBytes);
  const now = clock();
  return inTransaction(pool, async (client) => {
    await holdAccount(client, accountId);
    const { rows } = await client.query<{ failures: number }>(
      `select count(*)::int as failures from identity.factor_attempt
       where account_id = $1 and use = $2 and attempted_at > $3 and failed`,
      [accountId, use, new Date(now - window)],
    );
    const failures = rows[0]?.failures ?? 0;
    if (failures >= limit) throw new PlatformError('attempts_exhausted');
    await client.query(
      'insert into identity.factor_attempt (id, account_id, use, attempted_at) values ($1, $2, $3, $4)',
      [id, accountId, use, new Date(now)],
    );
    return { id, last: failures + 1 === limit };
  });
}

async function forgive({ pool }: FactorDependencies, id: string): Promise<void> {
  await pool.query('update identity.factor_attempt set failed = false where id = $1', [id]);
}

async function announceLock(factors: FactorDependencies, { accountId, use, device }: Attempt): Promise<void> {
  const { ip, userAgent, requestId } = device;
  const at = factors.clock();
  await inTransaction(factors.pool, async (client) => {
    const { email, name } = await holdAccount(client, accountId);
    await recordEvent(factors, client, {
      accountId,
      action: 'factor.lock',
      targetType: 'identity.account',
      targetId: accountId,
      detail: { use },
      request: { id: requestId, ip, userAgent },
    });
    const until = new Date(at + window);
    await factors.notices.signInLocked(client, { accountId, email, name, at: new Date(at), until, ip });
  });
}
