import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import type { Sealer } from '../../sealer.ts';
import { billingSourceId } from './source.ts';

/** A verified event on its way into the database. */
export type ArrivingEvent = {
  id: string;
  tenant: string | null;
  source: string;
  eventId: string;
  eventType: string;
  /** When the memory that it came may go; null: never. */
  forgetAt: Date | null;
  /** Sealed. */
  content: Uint8Array;
};

type Waiting = { event: ArrivingEvent; stored: () => void; failed: (error: unknown) => void };

const mostAtOnce = 256;
/** Bytes stored at once, unless one event alone has more: what a statement takes well within its time. */
const mostBytesAtOnce = 4 * 1024 * 1024;

/**
 * Stores events, those that arrive while others are being stored together in one transaction: a commit waits for the
 * disk, and one wait serves them all. What is answered is committed.
 */
export class EventStore {
  readonly #pool: Pool;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #storing = false;

  /** @param options.pool connected as bulkhead_identity */
  constructor({ pool, sealer, clock }: { pool: Pool; sealer: Sealer; clock: Clock }) {
    this.#pool = pool;
    this.#sealer = sealer;
    this.#clock = clock;
  }

  /** Resolves once the event, or one of the same id that came before it, is durably stored. */
  store(event: ArrivingEvent): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ event, stored: resolve, failed: reject });
    if (!this.#storing) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#storing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchLength(this.#waiting));
      // oxlint-disable-next-line no-await-in-loop -- what arrives meanwhile is the next batch
      await this.#write(batch);
    }
    this.#storing = false;
  }

  /** @param slow how often a part may still be halved because it took too long */
  async #write(batch: readonly Waiting[], slow = 3): Promise<void> {
    try {
      await this.#insert(batch.map(({ event }) => event));
      for (const { stored } of batch) stored();
    } catch (error) {
      const isSlow = tookTooLong(error);
      if (batch.length > 1 && (isOwnFault(error) || (isSlow && slow > 0))) {
        return this.#writeHalves(batch, isSlow ? slow - 1 : slow);
      }
      for (const { failed } of batch) failed(error);
    }
  }

  /** One event that the database refuses, or is slow to take, must not hold up the others. */
  async #writeHalves(batch: readonly Waiting[], slow: number): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await this.#write(batch.slice(0, half), slow);
    await this.#write(batch.slice(half), slow);
  }

  async #insert(events: readonly ArrivingEvent[]): Promise<void> {
    const rows = events.map(({ content: _content, ...event }, index) => ({ ...event, place: index + 1 }));
    await this.#pool.query('select webhooks.receive_events($1, $2, $3, $4)', [
      JSON.stringify(this.#sendersOf(events)),
      JSON.stringify(rows),
      events.map(({ content }) => content),
      new Date(this.#clock()),
    ]);
  }

  /** The seal of each source whose events these are, made when it is needed: it is valid for a minute. */
  #sendersOf(events: readonly ArrivingEvent[]): object[] {
    const bySource = new Map(events.map(({ tenant, source }) => [`${tenant} ${source}`, { tenant, source }]));
    return [...bySource.values()].map(({ tenant, source }) => {
      const actor = { kind: 'service' as const, id: source };
      return { tenant, source, context: this.#sealer.seal({ tenant: tenant ?? billingSourceId, actor }) };
    });
  }
}

function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0;
  const over = waiting.findIndex(({ event }) => (bytes += event.content.byteLength) > mostBytesAtOnce);
  return Math.min(mostAtOnce, over === -1 ? waiting.length : Math.max(over, 1));
}

/** The server cancelled the statement (57014), or its answer was not waited for any longer. */
function tookTooLong(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === '57014') || error.message === 'Query read timeout';
}

/** Data that a constraint or a type refuses (SQLSTATE classes 22 and 23). */
function isOwnFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^2[23]/.test(String(error.code));
}
