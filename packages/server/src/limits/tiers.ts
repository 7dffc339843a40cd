import type { BurstLimit } from '@bulkhead/platform/edge';
import { readTierAndDefault } from '@bulkhead/platform/tenants';
import type { Tier } from '@bulkhead/platform/tenants';
import type { RateClass } from '../contract/index.ts';

/** What a tenant is held to. */
export type TierCaps = Tier['caps'];
export type TieredClass = keyof TierCaps;

/**
 * What counts before any tier was read: the default tier as it is shipped. Never open, whatever happens to the
 * database.
 */
export const shippedCaps: TierCaps = {
  read: { cap: 12_000, burst: 24_000 },
  write: { cap: 3000, burst: 6000 },
  heavy: { cap: 300, burst: 300 },
};

type Session = Parameters<typeof readTierAndDefault>[0];
type Entry = { staleAt: number; caps: Promise<TierCaps> };

const minute = 60;
const hour = 3600;

/** A change of tier is noticed within so many milliseconds. */
const lifetime = 30_000;
/** A tier that could not be read is asked for again after so many. */
const pause = 5000;

/** Tenants' tiers, each read at most once in 30 seconds; whose cannot be read has the default's caps meanwhile. */
export class TierReader {
  readonly #clock: () => number;
  readonly #onFault: (error: unknown) => void;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  #standard = shippedCaps;

  /**
   * @param options.onFault told of each read that failed
   * @param options.capacity tenants remembered; past that, whoever was read first is forgotten first; default 10,000
   */
  constructor(options: { clock: () => number; onFault: (error: unknown) => void; capacity?: number }) {
    this.#clock = options.clock;
    this.#onFault = options.onFault;
    this.#capacity = options.capacity ?? 10_000;
  }

  /**
   * @param tenant the session's
   * @param session asked once for all requests that come meanwhile
   */
  capsOf(tenant: string, session: Session): Promise<TierCaps> {
    const now = this.#clock();
    const known = this.#entries.get(tenant);
    if (known !== undefined && now < known.staleAt) return known.caps;
    const entry: Entry = {
      staleAt: now + lifetime,
      caps: this.#read(session, () => (entry.staleAt = now + pause)),
    };
    this.#entries.delete(tenant);
    this.#entries.set(tenant, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#capacity && oldest !== undefined) this.#entries.delete(oldest);
    return entry.caps;
  }

  async #read(session: Session, failed: () => void): Promise<TierCaps> {
    try {
      const { own, standard } = await readTierAndDefault(session);
      this.#standard = standard?.caps ?? shippedCaps;
      return own?.caps ?? this.#standard;
    } catch (error) {
      failed();
      this.#onFault(error);
      return this.#standard;
    }
  }
}

/** The limits of one class of a tenant's requests: a minute's cap, and an hour's burst beyond it. */
export function tierLimit(rate: TieredClass, caps: TierCaps): BurstLimit {
  const { cap, burst } = caps[rate];
  return {
    limit: { name: `${rate}-tenant`, cap, seconds: minute },
    burst: burst === 0 ? undefined : { name: `${rate}-tenant-burst`, cap: burst, seconds: hour },
  };
}

/** The classes that tiers know; whatever else is counted as a change. */
export function tieredClass(rate: RateClass | undefined): TieredClass {
  return rate === 'read' || rate === 'heavy' ? rate : 'write';
}
