/** Remembers used tokens for as long as they could be used again. */
export type Replays = {
  /**
   * Takes a token, once.
   *
   * @param until milliseconds since the epoch; not needed any more from then on
   * @returns false when it was taken before
   * @throws when it cannot be told, and then the call is refused
   */
  take(id: string, until: number): boolean | Promise<boolean>;
};

/** In this process. Full, it refuses rather than forgets: 100,000 tokens a minute by default. */
export class MemoryReplays implements Replays {
  readonly #clock: () => number;
  readonly #capacity: number;
  readonly #taken = new Map<string, number>();

  constructor(options: { clock: () => number; capacity?: number }) {
    this.#clock = options.clock;
    this.#capacity = options.capacity ?? 100_000;
  }

  take(id: string, until: number): boolean {
    if (this.#taken.has(id)) return false;
    if (this.#taken.size >= this.#capacity) this.#forget();
    if (this.#taken.size >= this.#capacity) return false;
    this.#taken.set(id, until);
    return true;
  }

  #forget(): void {
    const now = this.#clock();
    for (const [id, until] of this.#taken) if (until <= now) this.#taken.delete(id);
  }
}
