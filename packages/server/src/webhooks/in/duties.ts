import { billingHandlerOf } from '@bulkhead/platform/billing';
import { processEvents, purgeReceived, reportRefusals } from '@bulkhead/platform/webhooks/in';
import type { Processing } from '@bulkhead/platform/webhooks/in';
import type { TenantTransaction } from '@bulkhead/kernel';
import { billingDependencies } from '../../billing/parts.ts';
import type { Pool } from 'pg';
import type { Duty } from '../../duties/duty.ts';
import { describeError } from '../../http/log.ts';
import type { Parts } from '../../parts.ts';
import { inboundParts } from './parts.ts';

type DutyParts = Parts & { worker: Pool };

const minute = 60_000;

/** Hands stored events to the modules and to billing, reports refusals, and clears away the old. */
export function inboundDuties(parts: DutyParts): Duty[] {
  const { worker, clock, pools } = parts;
  const { refusals } = inboundParts(parts);
  const processing = processingOf(parts);
  const as = (tenant: string, id: string) => pools.tenants.as({ tenant, actor: { kind: 'service', id } });
  const report = { refusals, sealer: pools.sealer, pool: pools.identity, as };
  return [
    {
      name: 'webhook.process',
      every: 500,
      run: (signal) => processEvents({ ...processing, only: 'tenants' }, signal),
    },
    {
      name: 'webhook.process-billing',
      every: 500,
      run: (signal) => processEvents({ ...processing, only: 'service' }, signal),
    },
    { name: 'webhook.report', every: minute, run: () => reportRefusals(report) },
    { name: 'webhook.purge', every: 60 * minute, run: () => purgeReceived({ worker, clock }) },
  ];
}

function processingOf(parts: DutyParts): Processing<TenantTransaction> {
  const { worker, clock, cipher, pools, modules, log } = parts;
  const billing = billingDependencies(parts);
  return {
    worker,
    cipher,
    clock,
    tenants: {
      transaction: ({ tenant, sourceId, eventId }, work) =>
        pools.tenants
          .as({ tenant, actor: { kind: 'service', id: sourceId } }, { id: eventId })
          .transaction(work),
    },
    handlersOf: (type) =>
      modules
        .flatMap(({ webhooks = {} }) => (Object.hasOwn(webhooks, type) ? [webhooks[type]] : []))
        .filter(isGiven),
    serviceHandlerOf: (type) => billingHandlerOf(billing, type),
    onFailure: ({ id, error, final }) =>
      log.warn({ event: final ? 'webhook_given_up' : 'webhook_failed', id, error: describeError(error) }),
  };
}

function isGiven<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}
