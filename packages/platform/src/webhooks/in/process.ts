import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../../clock.ts';
import { inTransaction } from '../../transaction.ts';
import type { TenantSession } from '../../tenantSession.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { openContent } from './content.ts';

/** A verified event, as a module's handler receives it. */
export type WebhookEvent = {
  /** This service's id of it. */
  id: string;
  /** The source's id: the actor in whose name the handler's changes are audited. */
  sourceId: string;
  /** The sender's id of it. */
  eventId: string;
  type: string;
  payload: Record<string, unknown>;
  receivedAt: Date;
};

/**
 * Does what an event asks for, in its tenant. Everything it writes through `transaction` is committed together with
 * the word that the event was processed: once, whatever fails. Nothing outside the database has that guarantee.
 */
export type WebhookHandler<Transaction = TenantSession> = (
  event: WebhookEvent,
  context: { transaction: Transaction; tenant: string },
) => Promise<void>;

/** The service's own handler, of events of no tenant. */
export type ServiceHandler = (event: WebhookEvent, client: PoolClient) => Promise<void>;

/** A tenant's data as a source's events may change it. */
export type EventTenants<Transaction extends TenantSession> = {
  /** Runs `work` in one transaction under the tenant's sealed context, the source as actor. */
  transaction: (
    of: { tenant: string; sourceId: string; eventId: string },
    work: (transaction: Transaction) => Promise<void>,
  ) => Promise<void>;
};

export type Processing<Transaction extends TenantSession> = {
  /** Connected as bulkhead_worker. */
  worker: Pool;
  tenants: EventTenants<Transaction>;
  cipher: FieldCipher;
  clock: Clock;
  /** Every handler of a type, of all modules. */
  handlersOf: (type: string) => readonly WebhookHandler<Transaction>[];
  /** Undefined: nothing listens for this type. */
  serviceHandlerOf: (type: string) => ServiceHandler | undefined;
  /** 0 up to but not 1, for the jitter. Default Math.random. */
  random?: () => number;
  /** Whose events alone: billing's, which wait for nobody, or the tenants'. Default both. */
  only?: 'service' | 'tenants';
  /** Told of an event that is given up, and of what a handler threw. */
  onFailure?: (failure: { id: string; error: unknown; final: boolean }) => void;
};

/** Tries before an event is given up: with the waits below, about a day. */
export const maximumAttempts = 10;
const lease = '2 minutes';
const firstWait = 10_000;
const longestWait = 6 * 60 * 60 * 1000;
const most = 16;
/** Tenants whose handlers run at once. */
const lanes = 4;

/** Milliseconds until the next try: times three from 10 s to 6 h, of which half is chance, so that tries spread. */
export function waitAfter(attempts: number, random: () => number = Math.random): number {
  const wait = Math.min(longestWait, firstWait * 3 ** (attempts - 1));
  return Math.round(wait * (0.5 + random() / 2));
}

type Claimed = {
  id: string;
  tenant_id: string | null;
  source_id: string;
  event_id: string;
  event_type: string;
  content: Buffer;
  received_at: Date;
  attempts: number;
  claim: string;
};

/**
 * Processes what is due, several servers at once or one. An event's effects and the word that it was processed are one
 * transaction, so that a server that dies, a lease that runs out, or two servers at once change nothing twice. Tenants
 * take turns, a few at once; the events of one are begun in the order they came, without a promise: one that fails comes
 * later.
 *
 * @returns `'again'` when there may be more to do at once
 */
export async function processEvents<Transaction extends TenantSession>(
  processing: Processing<Transaction>,
  signal?: AbortSignal,
): Promise<'again' | undefined> {
  const { only } = processing;
  const batches = await Promise.all([
    only === 'tenants' ? [] : claim(processing, true),
    only === 'service' ? [] : claim(processing, false),
  ]);
  const rows = batches.flat();
  const ofTenants = Map.groupBy(rows, (row) => row.tenant_id);
  const waiting = ofTenants.values();
  // Each lane takes the next tenant once it is done with one: the iterator is shared.
  const run = async (): Promise<void> => {
    for (const events of waiting) {
      // oxlint-disable-next-line no-await-in-loop -- one tenant after another
      await attemptEach(processing, events, signal);
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  return rows.length > 0 && signal?.aborted !== true ? 'again' : undefined;
}

async function claim<Transaction extends TenantSession>(
  { worker, clock }: Processing<Transaction>,
  ofService: boolean,
): Promise<Claimed[]> {
  const text = 'select * from webhooks.claim_events($1, $2, $3, $4)';
  const { rows } = await worker.query<Claimed>(text, [new Date(clock()), lease, most, ofService]);
  return rows;
}

async function attemptEach<Transaction extends TenantSession>(
  processing: Processing<Transaction>,
  rows: readonly Claimed[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const row of rows.toSorted((a, b) => a.received_at.getTime() - b.received_at.getTime())) {
    if (signal?.aborted === true) return;
    // oxlint-disable-next-line no-await-in-loop -- in the order they came
    await attempt(processing, row);
  }
}

async function attempt<Transaction extends TenantSession>(
  processing: Processing<Transaction>,
  row: Claimed,
): Promise<void> {
  try {
    const event = openEvent(processing.cipher, row);
    if (row.tenant_id === null) await processForService(processing, { row, event });
    else await processForTenant(processing, { row, event, tenant: row.tenant_id });
  } catch (error) {
    if (error instanceof TakenOver) return;
    await putBack(processing, row, error);
  }
}

async function processForTenant<Transaction extends TenantSession>(
  { tenants, handlersOf, clock }: Processing<Transaction>,
  { row, event, tenant }: { row: Claimed; event: WebhookEvent; tenant: string },
): Promise<void> {
  const handlers = handlersOf(event.type);
  const of = { tenant, sourceId: event.sourceId, eventId: event.id };
  await tenants.transaction(of, async (transaction) => {
    await settle(transaction, row, { outcome: handlers.length === 0 ? 'ignored' : 'processed', clock });
    for (const handle of handlers) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await handle(event, { transaction, tenant });
    }
  });
}

async function processForService<Transaction extends TenantSession>(
  { worker, serviceHandlerOf, clock }: Processing<Transaction>,
  { row, event }: { row: Claimed; event: WebhookEvent },
): Promise<void> {
  const handle = serviceHandlerOf(event.type);
  await inTransaction(worker, async (client) => {
    await settle(client, row, { outcome: handle === undefined ? 'ignored' : 'processed', clock });
    await handle?.(event, client);
  });
}

/** Another server finished the event, or took it over: what was begun is rolled back. */
class TakenOver extends Error {}

/** First in the transaction: the row stays locked until the effects are committed with it. */
async function settle(
  database: Pick<TenantSession, 'query'>,
  row: Claimed,
  { outcome, clock }: { outcome: 'processed' | 'ignored'; clock: Clock },
): Promise<void> {
  const { rows } = await database.query<{ settled: boolean }>(
    'select webhooks.settle_event($1, $2, $3, $4) as settled',
    [row.id, row.claim, outcome, new Date(clock())],
  );
  if (rows[0]?.settled !== true) throw new TakenOver('another server has this event');
}

async function putBack<Transaction extends TenantSession>(
  { worker, clock, random, onFailure }: Processing<Transaction>,
  row: Claimed,
  error: unknown,
): Promise<void> {
  const now = clock();
  const again = row.attempts < maximumAttempts ? new Date(now + waitAfter(row.attempts, random)) : null;
  await worker.query('select webhooks.fail_event($1, $2, $3, $4, $5)', [
    row.id,
    row.claim,
    codeOf(error),
    again,
    new Date(now),
  ]);
  onFailure?.({ id: row.id, error, final: again === null });
}

/** A stable code, or the error's kind: a message may repeat what the event holds. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

function openEvent(cipher: FieldCipher, row: Claimed): WebhookEvent {
  const { id, tenant_id: tenantId, source_id: sourceId, event_id: eventId, event_type: eventType } = row;
  const body = openContent(cipher, { id, tenantId, sourceId, eventId, eventType }, row.content);
  return {
    id,
    sourceId,
    eventId,
    type: eventType,
    payload: JSON.parse(body.toString('utf8')) as Record<string, unknown>,
    receivedAt: row.received_at,
  };
}
