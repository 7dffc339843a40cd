import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import { noTenant } from '../../identity/noTenant.ts';
import type { OutboundOptions, PrivateTarget } from '../../outbound/index.ts';
import type { Sealer } from '../../sealer.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { call } from './call.ts';
import { outboundFor } from './endpoint.ts';
import { judge, type CallResult } from './retry.ts';
import { openSecret } from './signature.ts';

/** `prompt`: endpoints that answered within two seconds last. `slow`: the others, which so delay only their like. */
export type Lane = 'prompt' | 'slow';

export type WebhookDelivery = {
  /** Connected as bulkhead_worker. */
  pool: Pool;
  sealer: Sealer;
  cipher: FieldCipher;
  clock: Clock;
  lane: Lane;
  /** Calls at once on this server. Default 24 for `prompt`, 8 for `slow`. */
  slots?: number;
  outbound?: OutboundOptions;
  /** 0 up to but not 1, for the jitter. Default Math.random. */
  random?: () => number;
  /** Told of an endpoint whose secret cannot be opened, and of a delivery that could not be recorded. */
  onFault?: (fault: { deliveryId: string; tenantId: string; error: unknown }) => void;
  /** Until the next look for new work while calls are under way. Default: 100 milliseconds. */
  pause?: (signal: AbortSignal) => Promise<void>;
};

/** How long a server has for a delivery before another may take over: longer than all of its time-outs together. */
export const lease = 60_000;

/**
 * Sends what is due in one lane until nothing is due and nothing under way; several servers at once or one. At least
 * once: a server that dies between an endpoint's yes and writing it down leaves the delivery to another, which sends it
 * again under the same webhook-id.
 */
export async function deliverWebhooks(delivery: WebhookDelivery, signal: AbortSignal): Promise<void> {
  const slots = delivery.slots ?? (delivery.lane === 'prompt' ? 24 : 8);
  const running = new Set<Promise<void>>();
  try {
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- how much is asked for depends on what has ended
      for (const row of await claim(delivery, slots - running.size)) {
        const work = deliverOne(delivery, row).finally(() => running.delete(work));
        running.add(work);
      }
      if (running.size === 0) return;
      // oxlint-disable-next-line no-await-in-loop -- an endpoint that hangs must not keep new work waiting
      await oneOf(running, delivery.pause ?? defaultPause);
    }
  } finally {
    await Promise.all(running);
  }
}

function defaultPause(signal: AbortSignal): Promise<void> {
  return sleep(100, undefined, { signal });
}

/** Until one of them has ended, or the pause has. */
async function oneOf(running: ReadonlySet<Promise<void>>, pause: (signal: AbortSignal) => Promise<void>) {
  const over = new AbortController();
  const pausing = pause(over.signal).catch(() => {});
  await Promise.race([...running, pausing]);
  over.abort();
}

type Claimed = { delivery_id: string; tenant_id: string; attempt: number };

async function claim({ pool, clock, lane }: WebhookDelivery, most: number): Promise<Claimed[]> {
  if (most <= 0) return [];
  const now = clock();
  const { rows } = await pool.query<Claimed>('select * from webhooks.claim_deliveries($1, $2, $3, $4)', [
    new Date(now),
    new Date(now + lease),
    most,
    lane === 'slow',
  ]);
  return rows;
}

/** Never rejects: what cannot be recorded comes again when its lease is over. */
async function deliverOne(delivery: WebhookDelivery, row: Claimed): Promise<void> {
  try {
    await attempt(delivery, row);
  } catch (error) {
    delivery.onFault?.({ deliveryId: row.delivery_id, tenantId: row.tenant_id, error });
  }
}

type Opened = {
  endpoint_id: string;
  url: string;
  secrets: Buffer[];
  event_id: string;
  body: string;
  private_targets: PrivateTarget[];
};

async function attempt(delivery: WebhookDelivery, row: Claimed): Promise<void> {
  const { pool, sealer, clock, random = Math.random } = delivery;
  const context = sealer.seal({ tenant: row.tenant_id, actor: { kind: 'service', id: noTenant } });
  const record = (outcome: object): Promise<unknown> =>
    pool.query('select webhooks.record_attempt($1, $2, $3, $4)', [
      context,
      row.delivery_id,
      JSON.stringify({ number: row.attempt, ...outcome }),
      new Date(clock()),
    ]);
  const begun = clock();
  const { rows } = await pool.query<Opened>('select * from webhooks.open_delivery($1, $2, $3)', [
    context,
    row.delivery_id,
    new Date(begun),
  ]);
  const opened = rows[0];
  if (opened === undefined) {
    await record({ state: 'held', error: 'endpoint_disabled' });
    return;
  }
  const secrets = openSecrets(delivery, row, opened);
  if (secrets.length === 0) {
    await record({ state: 'dead', error: 'secret_unreadable' });
    return;
  }
  const result = await send(delivery, { opened, secrets, begun });
  await record({
    ...consequence(result, { attempt: row.attempt, now: clock(), random }),
    begunAt: new Date(begun).toISOString(),
    durationMs: Math.max(0, Math.round(clock() - begun)),
    status: result.status,
    error: result.error,
    answer: result.answer,
  });
}

/** None when the address is not the one they were sealed with. */
function openSecrets(
  delivery: WebhookDelivery,
  row: Claimed,
  { endpoint_id, url, secrets }: Opened,
): Buffer[] {
  const place = { tenantId: row.tenant_id, endpointId: endpoint_id, url };
  try {
    return secrets.map((sealed) => openSecret(delivery.cipher, place, sealed));
  } catch (error) {
    delivery.onFault?.({ deliveryId: row.delivery_id, tenantId: row.tenant_id, error });
    return [];
  }
}

function send(
  { clock, outbound }: WebhookDelivery,
  { opened, secrets, begun }: { opened: Opened; secrets: readonly Uint8Array[]; begun: number },
): Promise<CallResult> {
  const { url, event_id: eventId, body, private_targets: targets } = opened;
  const message = { id: `evt_${eventId}`, at: begun, body };
  return call({ url, secrets, message }, { clock, outbound: outboundFor(outbound, targets) });
}

function consequence(
  result: CallResult,
  { attempt: number, now, random }: { attempt: number; now: number; random: () => number },
): object {
  const verdict = judge(result, number, random);
  if (verdict.state === 'delivered') return { state: 'delivered' };
  if (verdict.state === 'pending') {
    return { state: 'pending', nextAttemptAt: new Date(now + verdict.wait).toISOString() };
  }
  return {
    state: 'dead',
    ...(verdict.exhausted ? { exhausted: true } : {}),
    ...(verdict.gone ? { disable: 'gone' } : {}),
  };
}
