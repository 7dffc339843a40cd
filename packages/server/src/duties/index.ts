import type { Pool } from 'pg';
import type { Parts } from '../compose.ts';
import { purgeDuty } from '../factor/purgeDuty.ts';
import { isolationDuty } from '../isolation/recorder.ts';
import { Duties } from './duty.ts';
import type { Duty } from './duty.ts';

export type { Duty } from './duty.ts';

/** What the duties of a server work with. */
export type DutyParts = Parts & {
  /** Connected as bulkhead_worker. */
  worker: Pool;
};

/** Every duty of the platform. */
function platformDuties({ pools, worker, clock }: DutyParts): Duty[] {
  return [isolationDuty({ tenants: pools.tenants, worker, clock }), purgeDuty({ worker, clock })];
}

/** The duties of this server; none without a worker's password. */
export function createDuties(parts: Parts): Duties {
  const { worker } = parts.pools;
  const duties = worker === undefined ? [] : platformDuties({ ...parts, worker });
  return new Duties(duties, { log: parts.log });
}
