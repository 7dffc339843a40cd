import type { ClientBase } from 'pg';
import { PlatformError } from '../../errors.ts';
import { createSecretToken } from '../secretToken.ts';
import type { Session, StartedSession } from '../session.ts';
import type { FactorDependencies } from './dependencies.ts';
import { joinMethods, twoFactors } from './methods.ts';

/** The session a step-up is about, as the request's credentials gave it. */
export type SteppingSession = Pick<Session, 'id' | 'confinedTo'> & {
  account: Pick<Session['account'], 'id' | 'operator'>;
};

/**
 * Raises a session's standing after a proof, within the transaction that honours it: time, methods, class and token in
 * one statement.
 *
 * @throws PlatformError signed_out: it ended meanwhile, or its account was disabled
 */
export async function raiseSession(
  { clock, randomBytes }: Pick<FactorDependencies, 'clock' | 'randomBytes'>,
  client: ClientBase,
  { session, methods }: { session: Omit<SteppingSession, 'confinedTo'>; methods: readonly string[] },
): Promise<StartedSession> {
  const { token, hash } = createSecretToken(randomBytes);
  const { rows } = await client.query<{ idle_expires_at: Date; absolute_expires_at: Date }>(
    `update identity.session s set token_hash = $2, auth_time = $3,
       amr = s.amr || array(select m from unnest($4::text[]) m where m <> all (s.amr)),
       acr = case when 'mfa' = any ($4) then $5 else s.acr end
     where s.id = $1 and s.account_id = $6 and s.ended_at is null and s.idle_expires_at > $3
       and exists (select from identity.account a where a.id = s.account_id and a.disabled_at is null)
     returning s.idle_expires_at, s.absolute_expires_at`,
    [session.id, hash, new Date(clock()), joinMethods(methods), twoFactors, session.account.id],
  );
  const row = rows[0];
  if (row === undefined) throw new PlatformError('signed_out');
  return {
    token,
    sessionId: session.id,
    accountId: session.account.id,
    idleExpiresAt: row.idle_expires_at,
    absoluteExpiresAt: row.absolute_expires_at,
    deviceToken: null,
  };
}
