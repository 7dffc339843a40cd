import type { Clock } from '../clock.ts';
import type { Session } from './session.ts';

export type SessionCacheOptions = {
  clock: Clock;
  /** Milliseconds an entry is trusted: how long another process's sign-out may go unnoticed here. Default 5000. */
  lifetime?: number;
  /** Entries kept; the least recently used goes first. Default 10000. */
  capacity?: number;
};

type Entry = { loaded: Promise<Session | null>; staleAt: number; accountId: string | null };

/**
 * Live sessions by the hash of their token, so that a request costs no look-up. Requests that arrive together share
 * one look-up. A look-up that was under way when its session was forgotten answers those who wait for it and is
 * not kept, so that a sign-out cannot be undone by a read that began before it.
 */
export class SessionCache {
  readonly #clock: Clock;
  readonly #lifetime: number;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionCacheOptions) {
    this.#clock = options.clock;
    this.#lifetime = options.lifetime ?? 5000;
    this.#capacity = options.capacity ?? 10_000;
  }

  /** The cached session, or what `load` finds. An absent session is not kept: whoever guesses tokens fills no memory. */
  async read(tokenHash: Buffer, load: () => Promise<Session | null>): Promise<Session | null> {
    const key = tokenHash.toString('base64url');
    const cached = this.#entries.get(key);
    if (cached !== undefined && cached.staleAt > this.#clock()) {
      this.#keep(key, cached);
      return cached.loaded;
    }
    const entry: Entry = { loaded: load(), staleAt: this.#clock() + this.#lifetime, accountId: null };
    this.#keep(key, entry);
    try {
      const session = await entry.loaded;
      if (session === null) this.#drop(key, entry);
      else entry.accountId = session.account.id;
      return session;
    } catch (error) {
      this.#drop(key, entry);
      throw error;
    }
  }

  forget(tokenHash: Buffer): void {
    this.#entries.delete(tokenHash.toString('base64url'));
  }

  /** Forgets an account's sessions, and every look-up under way, which may turn out to be one of them. */
  forgetAccount(accountId: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.accountId === null || entry.accountId === accountId) this.#entries.delete(key);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#capacity) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
