import type { Clock } from '../../clock.ts';
import { PlatformError } from '../../errors.ts';
import type { TenantSession } from '../../tenantSession.ts';
import { withRefusals } from './endpoint.ts';

/** `dead`: given up. `held`: its endpoint was switched off. All but `pending` can be sent again. */
export type DeliveryState = 'pending' | 'delivered' | 'dead' | 'held';

/** One event on its way to one endpoint; without what it says. */
export type Delivery = {
  id: string;
  endpointId: string;
  eventId: string;
  type: string;
  bodyBytes: number;
  state: DeliveryState;
  /** Code of the last failure. */
  error: string | null;
  /** What the endpoint answered last. */
  status: number | null;
  /** Since the last replay. */
  attempts: number;
  replays: number;
  /** Not before then; null once it is finished. */
  nextAttemptAt: Date | null;
  createdAt: Date;
  finishedAt: Date | null;
};

/** One call of an endpoint. */
export type Attempt = {
  number: number;
  begunAt: Date;
  durationMs: number;
  status: number | null;
  error: string | null;
  /** The beginning of the answer, masked. */
  answer: string | null;
};

export type DeliveryQuery = {
  endpointId?: string | undefined;
  states?: readonly DeliveryState[] | undefined;
  /** From a page before. */
  cursor?: string | undefined;
  /** 1 to 200. */
  limit: number;
};

/**
 * Deliveries of the session's tenant, the newest first.
 *
 * @throws PlatformError cursor_invalid
 */
export async function listDeliveries(
  session: TenantSession,
  { endpointId, states, cursor, limit }: DeliveryQuery,
): Promise<{ deliveries: Delivery[]; next: string | null }> {
  const [at, id] = readCursor(cursor);
  const { rows } = await session.query<Delivery & { place: string }>(
    `select id, endpoint_id as "endpointId", event_id as "eventId", type, body_bytes as "bodyBytes", state, error, status,
       attempts, replays, next_attempt_at as "nextAttemptAt", created_at as "createdAt", finished_at as "finishedAt",
       to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || id as place
     from webhooks.deliveries($1, $2, $3, $4, $5)`,
    [endpointId ?? null, states ?? null, at, id, limit + 1],
  );
  const deliveries = rows.slice(0, limit).map(({ place: _, ...delivery }) => delivery);
  const last = rows.length > limit ? rows[limit - 1]?.place : undefined;
  return { deliveries, next: last === undefined ? null : Buffer.from(last).toString('base64url') };
}

/** It names a place in the caller's own list: forged, it shows nothing that the list would not. */
function readCursor(cursor: string | undefined): [string | null, string | null] {
  if (cursor === undefined) return [null, null];
  const place = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f-]{36})$/.exec(
    Buffer.from(cursor, 'base64url').toString('utf8'),
  );
  const [, at = '', id = ''] = place ?? [];
  const known = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) && !Number.isNaN(Date.parse(at));
  if (!known) throw new PlatformError('cursor_invalid');
  return [at, id];
}

/** The attempts of a delivery of the session's tenant, the oldest first; none for another's. */
export async function listAttempts(session: TenantSession, deliveryId: string): Promise<Attempt[]> {
  const { rows } = await session.query<Attempt>(
    `select number, begun_at as "begunAt", duration_ms as "durationMs", status, error, answer from webhooks.attempts($1)`,
    [deliveryId],
  );
  return rows;
}

export type Replay = {
  endpointId: string;
  /** One delivery; absent: those of a time. */
  deliveryId?: string | undefined;
  /** When they were queued: from, and before. */
  since?: Date | undefined;
  until?: Date | undefined;
  /** Default: what was given up or held. */
  states?: readonly Exclude<DeliveryState, 'pending'>[] | undefined;
};

/**
 * Sends deliveries again, 10,000 at most, under the same webhook-id with a new timestamp.
 *
 * @returns how many were queued
 * @throws PlatformError endpoint_missing, endpoint_disabled, delivery_missing (one that is not there, or still waits)
 */
export async function replay(
  { session, clock }: { session: TenantSession; clock: Clock },
  { endpointId, deliveryId, since, until, states }: Replay,
): Promise<number> {
  const every: Replay['states'] = ['delivered', 'dead', 'held'];
  const wanted = states ?? (deliveryId === undefined ? ['dead', 'held'] : every);
  const { rows } = await withRefusals(() =>
    session.query<{ queued: number }>('select webhooks.replay($1, $2, $3, $4, $5, $6) as queued', [
      endpointId,
      deliveryId ?? null,
      since ?? null,
      until ?? null,
      wanted,
      new Date(clock()),
    ]),
  );
  const queued = rows[0]?.queued ?? 0;
  if (deliveryId !== undefined && queued === 0) throw new PlatformError('delivery_missing');
  return queued;
}
