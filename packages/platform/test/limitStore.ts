import type { Limit, LimitStore } from '../src/edge/limit.ts';

/** A store that can be away, and come back without its counts. */
export class CountingStore implements LimitStore {
  now = 1_000_000;
  away = false;
  asked = 0;
  readonly #windows = new Map<string, { taken: number; endsAt: number }>();

  take(key: Buffer, points: number, { seconds }: Limit): ReturnType<LimitStore['take']> {
    this.asked += 1;
    if (this.away) return Promise.reject(new Error('the store is away'));
    const name = key.toString('hex');
    const known = this.#windows.get(name);
    const window =
      known !== undefined && known.endsAt > this.now
        ? known
        : { taken: 0, endsAt: this.now + seconds * 1000 };
    window.taken += points;
    this.#windows.set(name, window);
    return Promise.resolve({ taken: window.taken, resetsIn: window.endsAt - this.now });
  }

  lose(): void {
    this.#windows.clear();
  }
}
