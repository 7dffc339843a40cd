import { describeError } from '../http/log.ts';
import type { Log } from '../http/log.ts';

/**
 * Work the server does by itself, again and again: sealing, sending mail, rotating keys. Several servers run the same
 * duties, so each claims what it works on in the database (`for update skip locked`, a transaction's advisory lock).
 */
export type Duty = {
  /** Noun and verb, e.g. `mail.deliver`; stands in the log. */
  name: string;
  /** Milliseconds from the end of one run to the beginning of the next. */
  every: number;
  /**
   * @param signal aborts at shutdown: finish what is begun, begin nothing more
   * @returns `'again'` when there is more to do at once
   */
  run: (signal: AbortSignal) => Promise<'again' | void>;
};

/** One run of a duty, for whoever watches. `again`: it left something to do. */
export type DutyRun = { duty: string; outcome: 'done' | 'again' | 'failed' };

/** Starts timers; a test passes its own. */
export type Timers = {
  set: (work: () => void, milliseconds: number) => unknown;
  clear: (timer: unknown) => void;
};

const systemTimers: Timers = {
  set: (work, milliseconds) => setTimeout(work, milliseconds).unref(),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Runs each duty on its own timer, never twice at once. A run that fails is logged and tried again in its turn. */
export class Duties {
  readonly #duties: readonly Duty[];
  readonly #log: Pick<Log, 'error'>;
  readonly #timers: Timers;
  readonly #onRun: (run: DutyRun) => void;
  readonly #stopping = new AbortController();
  readonly #running = new Map<Duty, Promise<void>>();
  readonly #waiting = new Map<Duty, unknown>();
  #started = false;

  constructor(
    duties: readonly Duty[],
    options: { log: Pick<Log, 'error'>; timers?: Timers; onRun?: (run: DutyRun) => void },
  ) {
    this.#duties = duties;
    this.#log = options.log;
    this.#timers = options.timers ?? systemTimers;
    this.#onRun = options.onRun ?? (() => {});
  }

  /** Runs every duty now, and from then on in its rhythm. */
  start(): void {
    if (this.#started || this.#stopping.signal.aborted) return;
    this.#started = true;
    for (const duty of this.#duties) this.#begin(duty);
  }

  /** Lets the running ones finish; begins no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#waiting.values()) this.#timers.clear(timer);
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #begin(duty: Duty): void {
    this.#waiting.delete(duty);
    const run = this.#perform(duty).then((again) => {
      this.#running.delete(duty);
      if (this.#stopping.signal.aborted) return;
      const timer = this.#timers.set(() => this.#begin(duty), again === 'again' ? 0 : duty.every);
      this.#waiting.set(duty, timer);
    });
    this.#running.set(duty, run);
  }

  async #perform(duty: Duty): Promise<'again' | void> {
    try {
      const again = await duty.run(this.#stopping.signal);
      this.#onRun({ duty: duty.name, outcome: again ?? 'done' });
      return again;
    } catch (error) {
      // What the shutdown itself cut off is no fault.
      if (this.#stopping.signal.aborted) return;
      this.#onRun({ duty: duty.name, outcome: 'failed' });
      this.#log.error({ event: 'duty_failed', duty: duty.name, error: describeError(error) });
    }
  }
}
