import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import type { Sealer } from '../../sealer.ts';
import { inTransaction } from '../../transaction.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { recordEvent } from '../event.ts';
import { readMemberships } from '../readSession.ts';
import type { Membership } from '../session.ts';

type Dependencies = { pool: Pool; sealer: Sealer; clock: Clock };

/** One application under one session. */
export type SignInPlace = { sessionId: string; clientId: string };

/**
 * Notes that a session signed in to an application, so that the application is told when it ends; audited.
 *
 * @param signIn.sid the session as the application knows it
 */
export async function noteApplicationSignIn(
  { pool, clock, sealer }: Dependencies,
  { sessionId, clientId, sid, accountId }: SignInPlace & { sid: string; accountId: string },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `insert into identity.provider_sign_in (session_id, client_id, sid, created_at) values ($1, $2, $3, $4)
       on conflict (session_id, client_id) do update set sid = excluded.sid
         where provider_sign_in.sid <> excluded.sid and provider_sign_in.ended_at is null`,
      [sessionId, clientId, sid, new Date(clock())],
    );
    await recordEvent({ sealer }, client, {
      accountId,
      action: 'application.sign_in',
      targetType: 'identity.session',
      targetId: sessionId,
      detail: { application: clientId },
    });
  });
}

/** Notes that a code or refresh token was used a second time, and what was granted has ended. */
export async function noteReuse(
  { pool, sealer }: Dependencies,
  { clientId, accountId }: { clientId: string | undefined; accountId: string | undefined },
): Promise<void> {
  await recordEvent({ sealer }, pool, {
    accountId,
    action: 'application.reuse',
    targetType: 'identity.provider_client',
    detail: { application: clientId },
  });
}

/** The tenant a person chose for an application under this session; undefined until then. */
export async function chosenTenant(
  { pool }: Dependencies,
  { sessionId, clientId }: SignInPlace,
): Promise<string | undefined> {
  const { rows } = await pool.query<{ tenant_id: string | null }>(
    'select tenant_id from identity.provider_sign_in where session_id = $1 and client_id = $2 and ended_at is null',
    [sessionId, clientId],
  );
  return rows[0]?.tenant_id ?? undefined;
}

/** Remembers the choice for as long as the session lasts. The caller has checked the membership. */
export async function chooseTenant(
  { pool, clock }: Dependencies,
  { sessionId, clientId, tenantId }: SignInPlace & { tenantId: string },
): Promise<void> {
  await pool.query(
    `insert into identity.provider_sign_in (session_id, client_id, sid, tenant_id, created_at)
     values ($1, $2, '', $3, $4)
     on conflict (session_id, client_id) do update set tenant_id = excluded.tenant_id
       where provider_sign_in.ended_at is null`,
    [sessionId, clientId, tenantId, new Date(clock())],
  );
}

/** What an ID token or the userinfo endpoint may tell of a person. */
export type Person = { id: string; email: string; emailVerified: boolean; name: string };

/** The account, unless it is disabled. */
export async function readPerson(
  { pool }: Pick<Dependencies, 'pool'>,
  accountId: string,
): Promise<Person | undefined> {
  const { rows } = await pool.query<Person>(
    `select id, email, email_verified_at is not null as "emailVerified", name from identity.account
     where id = $1 and disabled_at is null`,
    [accountId],
  );
  return rows[0];
}

/** The organisations a session may act in now: of all memberships, those that sign-in policies leave to it. */
export async function reachOf(
  dependencies: Dependencies,
  { accountId, sessionId }: { accountId: string; sessionId: string },
): Promise<{ memberships: Membership[]; confined: boolean }> {
  const [memberships, { rows }] = await Promise.all([
    readMemberships(dependencies, accountId, sessionId),
    dependencies.pool.query<{ confined: boolean }>(
      'select confined_tenant_id is not null as confined from identity.session where id = $1',
      [sessionId],
    ),
  ]);
  const open = memberships.filter(({ secondFactorDue }) => !secondFactorDue);
  return { memberships: open, confined: rows[0]?.confined !== false };
}

/**
 * Ends a session at an application's wish, which its holder confirmed.
 *
 * @param ending.clientId the application; undefined: the person came by themselves
 */
export async function endSession(
  identity: IdentityDependencies,
  ending: { sessionId: string; accountId: string; clientId: string | undefined },
): Promise<void> {
  const { sessionId, accountId, clientId } = ending;
  try {
    await inTransaction(identity.pool, async (client) => {
      const { rowCount } = await client.query(
        `update identity.session set ended_at = $2, ended_reason = 'signed_out' where id = $1 and ended_at is null`,
        [sessionId, new Date(identity.clock())],
      );
      if (rowCount !== 1) return;
      await recordEvent(identity, client, {
        accountId,
        action: 'session.end',
        targetType: 'identity.session',
        targetId: sessionId,
        detail: { reason: 'signed_out', application: clientId },
      });
    });
  } finally {
    identity.sessions.forgetAccount(accountId);
  }
}
