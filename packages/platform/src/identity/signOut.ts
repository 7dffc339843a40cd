import type { IdentityDependencies } from './dependencies.ts';
import { endSessions } from './endSessions.ts';
import { hashSecretToken } from './secretToken.ts';
import type { Device } from './session.ts';

/**
 * Ends the session of a token. `ended` is false when there was no live one: nothing is left to end. A failure to
 * end it is thrown, never answered as success (T-45).
 */
export async function signOut(
  identity: IdentityDependencies,
  token: string,
  device?: Device,
): Promise<{ ended: boolean }> {
  const tokenHash = hashSecretToken(token);
  if (tokenHash === null) return { ended: false };
  try {
    const { rows } = await identity.pool.query<{ id: string; account_id: string }>(
      'select id, account_id from identity.session where token_hash = $1 and ended_at is null',
      [tokenHash],
    );
    const session = rows[0];
    if (session === undefined) return { ended: false };
    const { id: sessionId, account_id: accountId } = session;
    const { ended } = await endSessions(identity, { accountId, sessionId, reason: 'signed_out', device });
    return { ended: ended.length === 1 };
  } finally {
    identity.sessions.forget(tokenHash);
  }
}

/** Ends an account's sessions except one, at its owner's wish. */
export async function endOtherSessions(
  identity: IdentityDependencies,
  { accountId, exceptSessionId, device }: { accountId: string; exceptSessionId: string; device?: Device },
): Promise<{ ended: number }> {
  const ending = { accountId, exceptSessionId, reason: 'ended_elsewhere', device } as const;
  return { ended: (await endSessions(identity, ending)).ended.length };
}
