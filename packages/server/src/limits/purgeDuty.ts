import { purgeRateWindows } from '@bulkhead/platform/edge';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';

/** Deletes windows of the rate limits that have ended. */
export function limitsDuty(parts: { worker: Pool; clock: () => number }): Duty {
  return { name: 'limits.purge', every: 60_000, run: () => purgeRateWindows(parts) };
}
