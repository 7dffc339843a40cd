import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import type { TenantSession } from '../../tenantSession.ts';

export type EventState = 'waiting' | 'processed' | 'ignored' | 'failed';

/** An event that came, without what it holds. */
export type ReceivedEvent = {
  id: string;
  sourceId: string;
  sourceName: string;
  eventId: string;
  eventType: string;
  receivedAt: Date;
  state: EventState;
  attempts: number;
  /** Code of the last failure. */
  error: string | null;
  finishedAt: Date | null;
  /** Whether it can be processed anew: it was not processed, and its content is still there. */
  replayable: boolean;
};

/** Events that came for the context's tenant, the newest first, at most 500. */
export async function listReceivedEvents(
  session: TenantSession,
  { state, limit }: { state?: EventState | undefined; limit: number },
): Promise<ReceivedEvent[]> {
  const { rows } = await session.query<ReceivedEvent>(
    `select id, source_id as "sourceId", source_name as "sourceName", event_id as "eventId", event_type as "eventType",
       received_at as "receivedAt", state, attempts, error, finished_at as "finishedAt", replayable
     from webhooks.received_events($1, $2)`,
    [state ?? null, limit],
  );
  return rows;
}

/**
 * Has failed or ignored events processed anew: the named ones, or every failed one. A processed event never.
 *
 * @returns how many
 */
export async function replayEvents(
  { session, clock }: { session: TenantSession; clock: Clock },
  { events }: { events: readonly string[] | 'failed' },
): Promise<number> {
  const { rows } = await session.query<{ replayed: string }>(
    'select webhooks.replay_events($1, $2) as replayed',
    [events === 'failed' ? null : events, new Date(clock())],
  );
  return Number(rows[0]?.replayed ?? 0);
}

/** Days for which what an event holds is kept, processed or not. */
export const contentDays = 30;

/** Wipes what events held after 30 days, and forgets after 400 that they came. As bulkhead_worker. */
export async function purgeReceived({ worker, clock }: { worker: Pool; clock: Clock }): Promise<void> {
  const now = clock();
  await worker.query('select webhooks.purge_received($1, $2)', [
    new Date(now - contentDays * 24 * 60 * 60 * 1000),
    new Date(now),
  ]);
}
