import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import { lookUp, recordValue, type ResolveTxt } from './domain.ts';

const day = 24 * 3_600_000;
const batch = 100;

/**
 * Looks up the records of proved domains that nobody looked at for a day. One whose record has been missing for seven
 * days is no longer proved, and its tenant's audit trail says so. Safe on several servers at once: looking twice does no harm.
 *
 * @param options.pool connected as bulkhead_worker
 * @returns how many were looked up, and how many lost
 */
export async function recheckDomains(
  { pool, clock, resolveTxt }: { pool: Pool; clock: Clock; resolveTxt: ResolveTxt },
  signal?: AbortSignal,
): Promise<{ checked: number; lost: number }> {
  const { rows } = await pool.query<{ name: string; tenant_id: string; challenge: string }>(
    'select name, tenant_id, challenge from identity.domain_owner where checked_at <= $1 order by checked_at limit $2',
    [new Date(clock() - day), batch],
  );
  let checked = 0;
  let lost = 0;
  for (const { name, tenant_id: tenantId, challenge } of rows) {
    if (signal?.aborted) break;
    // oxlint-disable-next-line no-await-in-loop -- one at a time: nobody is waiting, and resolvers have limits
    const present = (await lookUp(resolveTxt, name)).has(recordValue(challenge));
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { rows: outcome } = await pool.query<{ state: string }>(
      'select identity.record_domain_check($1, $2, $3, $4) as state',
      [name, tenantId, present, new Date(clock())],
    );
    checked += 1;
    if (outcome[0]?.state === 'lost') lost += 1;
  }
  return { checked, lost };
}

/** Removes sign-ins that never came back. @returns how many */
export async function purgeFlows({ pool, clock }: { pool: Pool; clock: Clock }): Promise<number> {
  const { rows } = await pool.query<{ purged: string }>('select identity.purge_sign_in_flows($1) as purged', [
    new Date(clock()),
  ]);
  return Number(rows[0]?.purged ?? 0);
}
