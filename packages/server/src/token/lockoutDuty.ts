import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

/** A failure counts for a quarter of an hour; a day of them is kept to be looked at. */
const kept = 24 * 3_600_000;

/** Deletes attempts to sign in that count no longer. */
export function lockoutDuty({ worker, clock }: { worker: Pool; clock: () => number }): Duty {
  return {
    name: 'sign_in.purge',
    every: 3_600_000,
    run: async () => {
      await worker.query('select identity.forget_sign_in_failures($1)', [new Date(clock() - kept)]);
    },
  };
}
