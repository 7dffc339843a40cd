import { hash as digest } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { PlatformError } from '../errors.ts';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { parseEmail } from './email.ts';
import { recordEvent } from './event.ts';
import type { Device } from './session.ts';

/** Milliseconds that a failure counts. Five within it lock account and address. */
export const lockWindow = 15 * 60_000;

/** A password attempt that was counted before its outcome. */
export type CountedAttempt = {
  id: string;
  /** Null: nobody has the address. */
  accountId: string | null;
  /** The stored password hash; null: no account, or none with a password. */
  hash: string | null;
  addressHash: Buffer;
};

/**
 * Counts an attempt before its password is compared, in the database, so that however many arrive at once, on however
 * many servers, five are compared. An address without an account takes the same statement and locks in the same way.
 *
 * @param email as typed; one that could never be an address is counted under itself
 * @throws PlatformError sign_in_refused: locked, and no hash is computed; busy: five are under way, none failed enough
 */
export async function beginSignIn(
  { pool, clock }: IdentityDependencies,
  { email, device }: { email: string; device: Device },
): Promise<CountedAttempt> {
  const address = normalisedOrNull(email);
  const addressHash = digest('sha256', address ?? `\0${email}`, 'buffer');
  const { rows } = await pool.query<{
    attempt: string | null;
    verdict: string;
    account_id: string | null;
    hash: string | null;
  }>('select attempt, verdict, account_id, hash from identity.begin_sign_in($1, $2, $3, $4)', [
    address,
    addressHash,
    new Date(clock()),
    device.ip ?? null,
  ]);
  const begun = rows[0];
  if (begun?.verdict === 'busy') throw new PlatformError('busy');
  if (begun === undefined || begun.attempt === null) throw new PlatformError('sign_in_refused');
  return { id: begun.attempt, accountId: begun.account_id, hash: begun.hash, addressHash };
}

/**
 * Records that the attempt failed. Whoever has the address is told of a lock afterwards and elsewhere, by mail and in
 * the audit: that work differs between an account and none, so the answer does not wait for it.
 */
export async function failSignIn(
  identity: IdentityDependencies,
  attempt: CountedAttempt,
  device: Device,
): Promise<void> {
  const at = identity.clock();
  const { rows } = await identity.pool.query<{ locked: boolean }>(
    'select identity.fail_sign_in($1, $2) as locked',
    [attempt.id, new Date(at)],
  );
  if (rows[0]?.locked === true) identity.background.run(() => tellLocked(identity, { attempt, device, at }));
}

/** Takes an attempt back that ended in neither a session nor a failure, e.g. because the server was busy. */
export async function withdrawSignIn(
  { clock }: Pick<IdentityDependencies, 'clock'>,
  database: Pool | ClientBase,
  attemptId: string,
): Promise<void> {
  await database.query('update identity.sign_in_failure set released_at = $2 where id = $1', [
    attemptId,
    new Date(clock()),
  ]);
}

/**
 * Lets an account sign in again: after a sign-in, and after its password was reset. What is under way goes on
 * counting, but for the sign-in's own attempt.
 */
export async function releaseSignIn(
  { clock }: Pick<IdentityDependencies, 'clock'>,
  database: Pool | ClientBase,
  {
    id,
    emailNormalised,
    countedAttempt,
  }: { id: string; emailNormalised: string; countedAttempt?: string | undefined },
): Promise<void> {
  await database.query('select identity.release_sign_in($1, $2, $3, $4)', [
    id,
    emailNormalised,
    new Date(clock()),
    countedAttempt ?? null,
  ]);
}

type Lock = { attempt: CountedAttempt; device: Device; at: number };

async function tellLocked(identity: IdentityDependencies, { attempt, device, at }: Lock): Promise<void> {
  const { accountId, addressHash } = attempt;
  const request = { id: device.requestId, ip: device.ip, userAgent: device.userAgent };
  const detail = { failures: 5, minutes: lockWindow / 60_000 };
  if (accountId === null) {
    const unknown = { ...detail, address_sha256: addressHash.toString('hex') };
    const event = {
      action: 'sign_in.lock',
      targetType: 'identity.address',
      detail: unknown,
      request,
    } as const;
    await recordEvent(identity, identity.pool, event);
    return;
  }
  await inTransaction(identity.pool, async (client) => {
    const { rows } = await client.query<{ email: string; name: string }>(
      'select email, name from identity.account where id = $1',
      [accountId],
    );
    const account = rows[0];
    if (account === undefined) return;
    const event = { action: 'sign_in.lock', targetType: 'identity.account', targetId: accountId } as const;
    await recordEvent(identity, client, { ...event, accountId, detail, request });
    await identity.notices.signInLocked(client, {
      accountId,
      ...account,
      at: new Date(at),
      until: new Date(at + lockWindow),
      ip: device.ip,
    });
  });
}

function normalisedOrNull(email: string): string | null {
  try {
    return parseEmail(email).normalised;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}
