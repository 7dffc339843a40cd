import { createHmac } from 'node:crypto';
import type { Limit, LimitStore, Taken, Verdict } from './limit.ts';

export type LimiterOptions = {
  store: LimitStore;
  /** Keys what names limit and caller, so that no store tells who called. 32 bytes. */
  secret: Uint8Array;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Servers that share the store, at least 1: while it is away each admits its part of a limit. Default 1. */
  servers?: number;
  /** Told once when the store goes away, and once when it is back. */
  onStore?: (change: { away: true; error: unknown } | { away: false }) => void;
  /** Callers remembered for each limit; past that, whoever came first is forgotten first. Default 100,000. */
  capacity?: number;
};

/** One caller's window on this server. */
type Window = {
  endsAt: number;
  /** Admitted here, and under way. */
  admitted: number;
  /** Points taken from the store and not used yet. */
  leased: number;
  leaseEndsAt: number;
  /** Until then the store has nothing left. */
  exhaustedUntil: number;
  /** Points others and this server took when the store was last asked. */
  taken: number;
  asking: Promise<void> | undefined;
};

/** A store that failed is left alone so long. */
const pause = 1000;

/**
 * Limits that servers share. Each server also remembers what it admitted itself: while the store is away, and for the
 * length of a window after that, a server admits no more than its part of the cap, counting what it had admitted before.
 * So a store that dies, comes back empty and dies again opens a limit to at most twice its cap, and never without end.
 *
 * Large caps are taken in portions of a fiftieth, so that most requests ask nobody. A portion is taken before it is
 * used, so this never admits more.
 */
export class Limiter {
  readonly #options: Required<LimiterOptions>;
  readonly #windows = new Map<string, Map<string, Window>>();
  #awayAt = Number.NEGATIVE_INFINITY;
  #askAgainAt = Number.NEGATIVE_INFINITY;
  #away = false;

  constructor(options: LimiterOptions) {
    this.#options = { servers: 1, onStore: () => {}, capacity: 100_000, ...options };
  }

  /** Counts one request of a caller. */
  async take(limit: Limit, caller: string): Promise<Verdict> {
    const window = this.#windowOf(caller, limit);
    for (;;) {
      const verdict = this.#judge(limit, window);
      if (verdict !== undefined) return verdict;
      // Whoever else waits for this caller's points waits for the same answer.
      window.asking ??= this.#ask(this.#keyOf(limit, caller), limit, window).finally(() => {
        window.asking = undefined;
      });
      // oxlint-disable-next-line no-await-in-loop -- each turn uses up a point or ends
      await window.asking;
    }
  }

  /** Undefined: the store has to be asked. */
  #judge(limit: Limit, window: Window): Verdict | undefined {
    const now = this.#options.clock();
    const refused = (until: number) =>
      verdictOf(limit, { admitted: false, remaining: 0, resetsIn: until - now });
    if (window.admitted >= this.#capOf(limit, now)) return refused(window.endsAt);
    const away = now < this.#askAgainAt;
    if (!away && now < window.exhaustedUntil) return refused(window.exhaustedUntil);
    const leased = window.leased > 0 && now < window.leaseEndsAt;
    if (!away && !leased) return undefined;
    if (leased) window.leased -= 1;
    window.admitted += 1;
    const known = Math.max(window.admitted, window.taken - window.leased);
    const endsAt = leased ? window.leaseEndsAt : window.endsAt;
    const remaining = Math.max(0, this.#capOf(limit, now) - known);
    return verdictOf(limit, { admitted: true, remaining, resetsIn: endsAt - now });
  }

  /** The whole cap; for the length of a window after the store was away, this server's part of it. */
  #capOf({ cap, seconds }: Limit, now: number): number {
    return now - this.#awayAt < seconds * 1000 ? Math.floor(cap / this.#options.servers) : cap;
  }

  /** Tells that the store was lost, though nobody asked it: it may come back without its counts. */
  storeLost(error: unknown): void {
    this.#awayAt = this.#options.clock();
    if (this.#away) return;
    this.#away = true;
    this.#options.onStore({ away: true, error });
  }

  async #ask(key: Buffer, limit: Limit, window: Window): Promise<void> {
    const { clock, store } = this.#options;
    const points = Math.max(1, Math.floor(limit.cap / 50));
    let answer: Taken;
    try {
      answer = await store.take(key, points, limit);
    } catch (error) {
      this.storeLost(error);
      this.#askAgainAt = this.#awayAt + pause;
      return;
    }
    if (this.#away) {
      this.#away = false;
      this.#options.onStore({ away: false });
    }
    // At least a moment, so that nobody turns in circles at a window's last millisecond.
    const endsAt = clock() + Math.max(1, answer.resetsIn);
    window.taken = answer.taken;
    window.leased = Math.max(0, points - Math.max(0, answer.taken - limit.cap));
    window.leaseEndsAt = endsAt;
    if (window.leased === 0) window.exhaustedUntil = endsAt;
  }

  #windowOf(caller: string, limit: Limit): Window {
    const now = this.#options.clock();
    let windows = this.#windows.get(limit.name);
    if (windows === undefined) this.#windows.set(limit.name, (windows = new Map<string, Window>()));
    const known = windows.get(caller);
    if (known !== undefined && now < known.endsAt) return known;
    const window = {
      endsAt: now + limit.seconds * 1000,
      admitted: 0,
      leased: 0,
      leaseEndsAt: 0,
      exhaustedUntil: known?.exhaustedUntil ?? 0,
      taken: 0,
      asking: undefined,
    };
    windows.delete(caller);
    windows.set(caller, window);
    // Windows of one length stand in the order they began in: what ended stands in front.
    for (const [oldest, { endsAt }] of windows) {
      if (endsAt > now && windows.size <= this.#options.capacity) break;
      windows.delete(oldest);
    }
    return window;
  }

  #keyOf({ name }: Limit, caller: string): Buffer {
    return createHmac('sha256', this.#options.secret).update(`${name}\0${caller}`).digest();
  }
}

function verdictOf(limit: Limit, { resetsIn, ...outcome }: Omit<Verdict, 'limit'>): Verdict {
  return { ...outcome, limit, resetsIn: Math.max(1, resetsIn) };
}
