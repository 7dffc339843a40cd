import type { TenantSession } from '@bulkhead/kernel';
import { isOrigin, isOriginNamed, listAllowedOrigins } from '@bulkhead/platform/edge/origin';
import type { Pool } from 'pg';
import { RefusalError } from '../problem/refusal.ts';

/** What a server knows of the origins that tenants allow. */
export type OriginLists = {
  /** Whether a preflight from this origin is answered: some tenant allows it. */
  isNamed: (origin: string) => Promise<boolean>;
  /**
   * Refuses a call from an origin that the called tenant does not allow.
   *
   * @param session any of the tenant's
   * @throws {RefusalError} `cross_origin_refused`, 403
   */
  assertAllowed: (origin: string, call: { tenant: string; session: TenantSession }) => Promise<void>;
};

/** Milliseconds for which a list is not read again: so long may a change made at another server go unnoticed here. */
const lifetime = 5000;
const capacity = 10_000;

/**
 * @param options.pool connected as bulkhead_identity, for what is asked before a tenant is known
 */
export function createOriginLists({
  pool,
  clock,
}: {
  pool: Pick<Pool, 'query'>;
  clock: () => number;
}): OriginLists {
  const named = remember<boolean>(clock);
  const lists = remember<ReadonlySet<string>>(clock);
  return {
    // Judged by its form first, so that no more than origins are remembered or asked about.
    isNamed: (origin) =>
      isOrigin(origin) ? named(origin, () => isOriginNamed(pool, origin)) : Promise.resolve(false),
    assertAllowed: async (origin, { tenant, session }) => {
      const allowed = await lists(tenant, async () => {
        const entries = await listAllowedOrigins(session);
        return new Set(entries.map((entry) => entry.origin));
      });
      if (!allowed.has(origin)) throw new RefusalError(refused);
    },
  };
}

/** Reads each thing at most once in five seconds; what failed is not kept. */
function remember<Value>(clock: () => number) {
  const entries = new Map<string, { staleAt: number; value: Promise<Value> }>();
  return (key: string, read: () => Promise<Value>): Promise<Value> => {
    const known = entries.get(key);
    if (known !== undefined && known.staleAt > clock()) return known.value;
    const entry = { staleAt: clock() + lifetime, value: read() };
    entries.delete(key);
    entries.set(key, entry);
    entry.value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    const [oldest] = entries.keys();
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
    return entry.value;
  };
}

const refused = {
  status: 403,
  code: 'cross_origin_refused',
  message: 'The organisation does not allow calls from pages of this origin.',
};
