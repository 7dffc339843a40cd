import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';

/** A logout token to be sent. */
export type DueLogout = {
  sessionId: string;
  clientId: string;
  accountId: string;
  sid: string;
  uri: string;
  /** 1 for the first. */
  attempt: number;
};

const minute = 60_000;

/** Attempts at one logout token; after that the application's own session has to run out. */
export const logoutAttempts = 8;

/** Milliseconds to wait after a failed attempt: 15 s, 1 min, 4 min, 16 min, then an hour; undefined after the last. */
export function logoutBackoff(attempt: number): number | undefined {
  return attempt >= logoutAttempts ? undefined : Math.min(60 * minute, 15_000 * 4 ** (attempt - 1));
}

/**
 * Takes logout tokens that are due. Whoever takes one and dies leaves it due again after a minute.
 *
 * @param worker connected as bulkhead_worker
 */
export async function claimLogouts(
  { worker, clock }: { worker: Pool; clock: Clock },
  batch: number,
): Promise<DueLogout[]> {
  const now = clock();
  const { rows } = await worker.query<DueLogout>(
    `select session_id as "sessionId", client_id as "clientId", account_id as "accountId", sid, uri, attempt
     from identity.claim_provider_logouts($1, $2, $3)`,
    [new Date(now), new Date(now + minute), batch],
  );
  return rows;
}

/** @param failure a code for why it did not arrive; undefined when it did */
export async function finishLogout(
  { worker, clock }: { worker: Pool; clock: Clock },
  { sessionId, clientId, attempt }: DueLogout,
  failure: string | undefined,
): Promise<void> {
  const now = clock();
  const wait = failure === undefined ? undefined : logoutBackoff(attempt);
  await worker.query('select identity.finish_provider_logout($1, $2, $3, $4, $5)', [
    sessionId,
    clientId,
    new Date(now),
    failure ?? null,
    wait === undefined ? null : new Date(now + wait),
  ]);
}

/** Ends the sign-ins of sessions that ran out, so that their applications are told. */
export async function expireSignIns({ worker, clock }: { worker: Pool; clock: Clock }): Promise<number> {
  const { rows } = await worker.query<{ ended: string }>(
    'select identity.expire_provider_sign_ins($1) as ended',
    [new Date(clock())],
  );
  return Number(rows[0]?.ended ?? 0);
}

/** Deletes records that expired or were revoked an hour ago. */
export async function purgeRecords({ worker, clock }: { worker: Pool; clock: Clock }): Promise<number> {
  const { rows } = await worker.query<{ purged: string }>(
    'select identity.purge_provider_records($1) as purged',
    [new Date(clock())],
  );
  return Number(rows[0]?.purged ?? 0);
}
