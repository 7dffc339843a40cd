/**
 * Work that an answer must not wait for, because waiting would tell something. Whoever owns it waits for `settled`
 * before the pools close, so that nothing begun is lost in an orderly end.
 */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #onFault: (error: unknown) => void;

  /** @param options.onFault told of work that failed, for the log. Default: told to nobody. */
  constructor(options: { onFault?: (error: unknown) => void } = {}) {
    this.#onFault = options.onFault ?? (() => undefined);
  }

  run(work: () => Promise<void>): void {
    const running = work()
      .catch(this.#onFault)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves once nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
