import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import type { FieldCipher } from '../vault/index.ts';
import { openMessage } from './mailer.ts';
import { assertMessage } from './message.ts';
import { MailError, type MailTransport } from './transport.ts';

export type Delivery = {
  /** Connected as bulkhead_worker. */
  pool: Pool;
  cipher: FieldCipher;
  transport: MailTransport;
  clock: Clock;
  /** 0 up to but not 1, for the jitter. Default Math.random. */
  random?: () => number;
  /** Told of a message that will never be sent. */
  onDead?: (message: { id: string; kind: string; error: string }) => void;
};

/** Tries before a message is given up: with the waits below, about seven hours. */
export const maximumAttempts = 15;
const firstWait = 10_000;
const longestWait = 3_600_000;
/** How long a server has for a delivery before another may take over: longer than all of its time-outs together. */
const lease = 120_000;

/** Milliseconds until the next try: doubling from 10 s to an hour, of which half is chance, so that tries spread. */
export function waitAfter(attempts: number, random: () => number = Math.random): number {
  const wait = Math.min(longestWait, firstWait * 2 ** (attempts - 1));
  return Math.round(wait * (0.5 + random() / 2));
}

/**
 * Delivers what is due, several servers at once or one: each message is claimed for two minutes, so that a server that
 * dies with it delays it. At least once: one that dies between the mail server's yes and writing it down sends it again,
 * under the same Message-ID.
 *
 * @returns `'again'` when there is more to do at once
 */
export async function deliverMail(delivery: Delivery, signal?: AbortSignal): Promise<'again' | undefined> {
  const claimed = await claim(delivery, 4);
  if (claimed.length === 0) return undefined;
  const outcomes = await Promise.all(claimed.map((row) => deliver(delivery, row)));
  if (signal?.aborted === true || outcomes.includes('unreachable')) return undefined;
  return 'again';
}

type Row = { id: string; kind: string; content: Buffer; attempts: number; expires_at: Date };

async function claim({ pool, clock }: Delivery, limit: number): Promise<Row[]> {
  const now = clock();
  const { rows } = await pool.query<Row>(
    `update mail.message m set attempts = m.attempts + 1, next_attempt_at = $2
     where m.id in (
       select d.id from mail.message d where d.state = 'queued' and d.next_attempt_at <= $1
       order by d.next_attempt_at limit $3 for update skip locked
     )
     returning m.id, m.kind, m.content, m.attempts, m.expires_at`,
    [new Date(now), new Date(now + lease), limit],
  );
  return rows;
}

async function deliver(delivery: Delivery, row: Row): Promise<'delivered' | 'failed' | 'unreachable'> {
  try {
    if (row.expires_at.getTime() <= delivery.clock()) throw new MailError('expired');
    const message = openMessage(delivery.cipher, row.id, row.content);
    assertMessage(message);
    await delivery.transport.send(row.id, message);
  } catch (error) {
    return failed(delivery, row, error);
  }
  await finish(delivery, row.id, { state: 'delivered', error: null });
  return 'delivered';
}

async function failed(delivery: Delivery, row: Row, error: unknown): Promise<'failed' | 'unreachable'> {
  // Whatever is no refusal of the mail server's lies in the message itself, and will be so the next time.
  const code = error instanceof MailError ? error.code : 'unsendable';
  const wait = waitAfter(row.attempts, delivery.random);
  const next = new Date(delivery.clock() + wait);
  const retry =
    error instanceof MailError &&
    code !== 'expired' &&
    !error.permanent &&
    row.attempts < maximumAttempts &&
    next < row.expires_at;
  if (retry) {
    await delivery.pool.query('update mail.message set next_attempt_at = $2, error = $3 where id = $1', [
      row.id,
      next,
      code,
    ]);
    return error.unreachable ? 'unreachable' : 'failed';
  }
  await finish(delivery, row.id, { state: 'dead', error: code });
  delivery.onDead?.({ id: row.id, kind: row.kind, error: code });
  return 'failed';
}

async function finish(
  { pool, clock }: Delivery,
  id: string,
  { state, error }: { state: 'delivered' | 'dead'; error: string | null },
): Promise<void> {
  await pool.query(
    'update mail.message set state = $2, error = $3, finished_at = $4, content = null where id = $1',
    [id, state, error, new Date(clock())],
  );
}
