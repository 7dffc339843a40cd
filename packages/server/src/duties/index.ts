import { resolveTxt } from 'node:dns/promises';
import type { Pool } from 'pg';
import { createIdentity } from '../compose.ts';
import type { Parts } from '../parts.ts';
import { billingDuties } from '../billing/duties.ts';
import { purgeDuty } from '../factor/purgeDuty.ts';
import { inboundDuties } from '../webhooks/in/duties.ts';
import { isolationDuty } from '../isolation/recorder.ts';
import { ledgerDuties } from '../ledger/duties.ts';
import { limitsDuty } from '../limits/purgeDuty.ts';
import { mailDuties } from '../mail/duties.ts';
import { providerDuties } from '../provider/index.ts';
import { samlDuty } from '../saml/duty.ts';
import { secretsDuty } from '../secrets/duty.ts';
import { samlParts } from '../saml/parts.ts';
import { singleSignOnDuty } from '../singleSignOn/duty.ts';
import { lockoutDuty } from '../token/lockoutDuty.ts';
import { keyRotationDuty } from '../token/parts.ts';
import { usageDuties } from '../usage/duties.ts';
import { webhookDuties } from '../webhooks/out/duties.ts';
import { serversDuty } from './serversDuty.ts';
import { Duties } from './duty.ts';
import type { Duty } from './duty.ts';

export type { Duty } from './duty.ts';

/** What the duties of a server work with. */
export type DutyParts = Parts & {
  /** Connected as bulkhead_worker. */
  worker: Pool;
};

/** Every duty of the platform. */
function platformDuties(parts: DutyParts): Duty[] {
  const { pools, worker, clock, mailer } = parts;
  const links = mailer === undefined ? undefined : { ...createIdentity(parts), mailer };
  return [
    isolationDuty({ tenants: pools.tenants, worker, clock }),
    ...ledgerDuties(parts),
    purgeDuty({ worker, clock }),
    lockoutDuty({ worker, clock }),
    ...inboundDuties(parts),
    ...billingDuties(parts),
    limitsDuty({ worker, clock }),
    serversDuty({ worker, config: parts.config, log: parts.log }),
    ...usageDuties(parts),
    keyRotationDuty(parts.token),
    ...providerDuties(parts),
    samlDuty({ ...samlParts(parts), worker }),
    singleSignOnDuty({ worker, clock, resolveTxt: parts.singleSignOn?.resolveTxt ?? resolveTxt }),
    ...mailDuties({ ...parts, links }),
    ...webhookDuties(parts),
  ];
}

/** The duties of this server; of the platform's none without a worker's password. */
export function createDuties(parts: Parts): Duties {
  const { worker } = parts.pools;
  const duties = worker === undefined ? [] : platformDuties({ ...parts, worker });
  return new Duties([secretsDuty(parts.secrets), ...duties], {
    log: parts.log,
    onRun: (run) => parts.metrics?.duty(run),
  });
}
