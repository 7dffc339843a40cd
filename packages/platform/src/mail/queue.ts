import type { ClientBase, Pool } from 'pg';
import type { Clock } from '../clock.ts';
import type { FieldCipher } from '../vault/index.ts';
import { openMessage } from './mailer.ts';
import type { Message } from './message.ts';

/** How the outbox fares. */
export type MailQueue = {
  waiting: number;
  /** Seconds that the oldest waiting message has waited; 0 when none does. */
  oldestSeconds: number;
  /** Given up within the last day. */
  dead: number;
  /** Code of the last failure among those that wait, e.g. ECONNREFUSED. */
  lastError: string | null;
};

/** @param database connected as bulkhead_worker, or as bulkhead_owner */
export async function readMailQueue(database: Pool | ClientBase, clock: Clock): Promise<MailQueue> {
  const { rows } = await database.query<{
    waiting: number;
    oldest: Date | null;
    dead: number;
    error: string | null;
  }>(
    `select count(*) filter (where m.state = 'queued')::int as waiting,
       min(m.created_at) filter (where m.state = 'queued') as oldest,
       count(*) filter (where m.state = 'dead' and m.finished_at > $1::timestamptz - interval '1 day')::int as dead,
       (array_agg(m.error order by m.next_attempt_at desc) filter (where m.state = 'queued' and m.error is not null))[1] as error
     from mail.message m where m.state in ('queued', 'dead')`,
    [new Date(clock())],
  );
  const { waiting = 0, oldest = null, dead = 0, error = null } = rows[0] ?? {};
  const oldestSeconds = oldest === null ? 0 : Math.max(0, Math.floor((clock() - oldest.getTime()) / 1000));
  return { waiting, oldestSeconds, dead, lastError: error };
}

export type HeldMessage = Message & { id: string; kind: string; createdAt: Date };

/** For the demo: takes what waits out of the queue without sending it, to be shown instead. */
export async function holdMail({ pool, clock }: { pool: Pool; clock: Clock }): Promise<void> {
  await pool.query(`update mail.message set state = 'held', finished_at = $1 where state = 'queued'`, [
    new Date(clock()),
  ]);
}

/** For the demo: the newest messages, 50 at most, those that still wait among them. */
export async function listHeldMail(options: { pool: Pool; cipher: FieldCipher }): Promise<HeldMessage[]> {
  const { rows } = await options.pool.query<{ id: string; kind: string; content: Buffer; created_at: Date }>(
    `select m.id, m.kind, m.content, m.created_at from mail.message m where m.state in ('queued', 'held')
     order by m.created_at desc, m.id limit 50`,
  );
  return rows.map(({ id, kind, content, created_at: createdAt }) => ({
    id,
    kind,
    createdAt,
    ...openMessage(options.cipher, id, content),
  }));
}

/** Deletes what left the queue more than 30 days ago. */
export async function purgeMail({ pool, clock }: { pool: Pool; clock: Clock }): Promise<void> {
  await pool.query('select mail.purge_messages($1)', [new Date(clock() - 30 * 24 * 3_600_000)]);
}
