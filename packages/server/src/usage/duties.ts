import { randomUUID } from 'node:crypto';
import { forgetOldUsage } from '@bulkhead/platform/tenants';
import type { Pool } from 'pg';
import type { Pools } from '../boot/pools.ts';
import type { Duty } from '../duties/duty.ts';
import type { UsageCounter } from './counter.ts';

type UsageDutyParts = {
  usage?: Pick<UsageCounter, 'flush'> | undefined;
  pools: Pick<Pools, 'sealer'>;
  /** Connected as bulkhead_worker. */
  worker: Pick<Pool, 'query'>;
  clock: () => number;
};

/** Writes what tenants use every five seconds, and once more at shutdown; deletes what is too old every hour. */
export function usageDuties({ usage, clock, pools: { sealer }, worker }: UsageDutyParts): Duty[] {
  const parts = { worker, sealer, serverId: randomUUID() };
  let listening = false;
  const record: Duty = {
    name: 'usage.record',
    every: 5000,
    run: async (signal) => {
      if (!listening) {
        listening = true;
        // What it cannot write any more is lost with the process: five seconds of a count.
        signal.addEventListener('abort', () => void usage?.flush(parts).catch(() => undefined), {
          once: true,
        });
      }
      await usage?.flush(parts);
    },
  };
  const forget: Duty = {
    name: 'usage.forget',
    every: 3_600_000,
    run: async () => ((await forgetOldUsage(parts, { now: clock() })) ? 'again' : undefined),
  };
  return [record, forget];
}
