import { PlatformError } from '@bulkhead/platform/errors';

/** Live views open on this server, by account: at most `perAccount` (3) each and `inAll` (500) together. */
export class StreamSlots {
  readonly #perAccount: number;
  readonly #inAll: number;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor({ perAccount = 3, inAll = 500 }: { perAccount?: number; inAll?: number } = {}) {
    this.#perAccount = perAccount;
    this.#inAll = inAll;
  }

  /**
   * Holds a slot while `stream` is read, from its first event to its end or the reader's leaving.
   *
   * @throws PlatformError stream_limit
   */
  async *hold<Event>(
    account: string,
    stream: () => AsyncGenerator<Event, void>,
  ): AsyncGenerator<Event, void> {
    const held = this.#taken.get(account) ?? 0;
    if (held >= this.#perAccount || this.#count >= this.#inAll) throw new PlatformError('stream_limit');
    this.#taken.set(account, held + 1);
    this.#count += 1;
    try {
      yield* stream();
    } finally {
      this.#count -= 1;
      const left = (this.#taken.get(account) ?? 1) - 1;
      if (left === 0) this.#taken.delete(account);
      else this.#taken.set(account, left);
    }
  }

  /** Slots that are taken now. */
  get open(): number {
    return this.#count;
  }
}
