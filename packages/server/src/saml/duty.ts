import { purgeAssertions, refreshMetadata } from '@bulkhead/platform/identity/saml';
import type { FetchMetadata } from '@bulkhead/platform/identity/saml';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

/** Metadata fetched by one run; more is fetched at once after it. */
const most = 10;

/** Fetches identity providers' metadata again once a day, each on one server, and forgets old assertions. */
export function samlDuty(parts: { worker: Pool; clock: () => number; fetchMetadata: FetchMetadata }): Duty {
  return {
    name: 'saml.refresh',
    every: 10 * 60_000,
    run: async (signal) => {
      await purgeAssertions(parts);
      const done = await refreshMetadata(parts, { most, signal });
      return done === most ? 'again' : undefined;
    },
  };
}
