import { purgeChallenges } from '@bulkhead/platform/identity/factor';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

/** Deletes what is left of sign-ins and challenges that expired. */
export function purgeDuty(parts: { worker: Pool; clock: () => number }): Duty {
  return {
    name: 'factor.purge',
    every: 10 * 60_000,
    run: async () => void (await purgeChallenges(parts)),
  };
}
