import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';

/** Milliseconds that what has expired is kept, for whoever looks into an incident. */
const keep = 24 * 3_600_000;

/**
 * Deletes expired challenges and pending sign-ins, and attempts nobody counts any more. Safe to run on several servers.
 *
 * @param worker connected as bulkhead_worker
 */
export async function purgeChallenges({
  worker,
  clock,
}: {
  worker: Pick<Pool, 'query'>;
  clock: Clock;
}): Promise<{ purged: number }> {
  const { rows } = await worker.query<{ purged: string }>('select identity.purge_challenges($1) as purged', [
    new Date(clock() - keep),
  ]);
  return { purged: Number(rows[0]?.purged ?? 0) };
}
