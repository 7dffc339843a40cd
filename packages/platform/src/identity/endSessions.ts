import type { ClientBase } from 'pg';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { recordEvent } from './event.ts';
import type { Device } from './session.ts';

/** Why a session ended before its time; `reuse`: a refresh token that had been exchanged was presented again. */
export type EndedReason =
  | 'signed_out'
  | 'ended_elsewhere'
  | 'password_changed'
  | 'reuse'
  | 'account_disabled'
  | 'operator';

export type EndSessions = {
  accountId: string;
  reason: EndedReason;
  /** This one alone. Default: all of the account's. */
  sessionId?: string | undefined;
  /** All but this one. */
  exceptSessionId?: string | undefined;
  /** Where the request to end them comes from. */
  device?: Device | undefined;
};

/**
 * Ends live sessions of an account (and, unless it is about one, sign-ins that wait for a second factor), and with them their refresh tokens and what access tokens may still do here. In
 * this process at once; another notices when its own cache entry ends (5 seconds). Each is an audit entry.
 *
 * @param within the caller's open transaction. It forgets the account's cached sessions once more after its commit
 *   (`identity.sessions.forgetAccount`): a request may read them in between.
 * @returns ids of those that ended
 */
export async function endSessions(
  identity: IdentityDependencies,
  ending: EndSessions,
  within?: ClientBase,
): Promise<{ ended: string[] }> {
  try {
    if (within !== undefined) return await end(identity, ending, within);
    return await inTransaction(identity.pool, (client) => end(identity, ending, client));
  } finally {
    identity.sessions.forgetAccount(ending.accountId);
  }
}

async function end(
  identity: IdentityDependencies,
  { accountId, reason, sessionId, exceptSessionId, device }: EndSessions,
  client: ClientBase,
): Promise<{ ended: string[] }> {
  // First these: one that is completed at this moment is waited for, and its session is then among those ended.
  if (sessionId === undefined) {
    await client.query(
      `update identity.pending_sign_in set consumed_at = $2 where account_id = $1 and consumed_at is null`,
      [accountId, new Date(identity.clock())],
    );
  }
  const { rows } = await client.query<{ id: string }>(
    `update identity.session set ended_at = $2, ended_reason = $3
     where account_id = $1 and ended_at is null and ($4::uuid is null or id = $4) and id is distinct from $5
     returning id`,
    [accountId, new Date(identity.clock()), reason, sessionId ?? null, exceptSessionId ?? null],
  );
  for (const { id } of rows) {
    // oxlint-disable-next-line no-await-in-loop -- one connection takes one statement after another
    await recordEvent(identity, client, {
      action: 'session.end',
      targetType: 'identity.session',
      targetId: id,
      accountId,
      detail: { reason },
      request: { id: device?.requestId, ip: device?.ip, userAgent: device?.userAgent },
    });
  }
  return { ended: rows.map(({ id }) => id) };
}
