import { purgeFlows, recheckDomains, type ResolveTxt } from '@bulkhead/platform/identity/single-sign-on';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

/** Looks up the records of proved domains once a day, and forgets sign-ins that never came back. */
export function singleSignOnDuty(parts: { worker: Pool; clock: () => number; resolveTxt: ResolveTxt }): Duty {
  const { worker: pool, clock, resolveTxt } = parts;
  return {
    name: 'single_sign_on.recheck',
    every: 10 * 60_000,
    run: async (signal) => {
      await purgeFlows({ pool, clock });
      await recheckDomains({ pool, clock, resolveTxt }, signal);
    },
  };
}
