import type { ContextSealer } from '@bulkhead/kernel';
import type { Mailer } from '@bulkhead/platform/mail';
import type { FieldCipher } from '@bulkhead/platform/vault';
import { deliverWebhooks, purgeWebhooks, tellOfDisabledEndpoint } from '@bulkhead/platform/webhooks/out';
import type { Lane } from '@bulkhead/platform/webhooks/out';
import type { Pool } from 'pg';
import type { Duty } from '../../duties/duty.ts';
import { describeError } from '../../http/log.ts';
import type { Log } from '../../http/log.ts';
import type { WebhookOptions } from './parts.ts';

export type WebhookDutyParts = {
  /** Connected as bulkhead_worker. */
  worker: Pool;
  pools: { sealer: ContextSealer };
  cipher: FieldCipher;
  clock: () => number;
  log: Pick<Log, 'warn'>;
  mailer: Mailer | undefined;
  webhooks?: WebhookOptions | undefined;
};

const hour = 3_600_000;

/** Sends webhooks, prompt endpoints apart from slow ones; tells of endpoints that were switched off; clears away the old. */
export function webhookDuties(parts: WebhookDutyParts): Duty[] {
  const { worker: pool, clock, mailer } = parts;
  const { sealer } = parts.pools;
  const purge: Duty = { name: 'webhook.purge', every: hour, run: async () => purgeWebhooks({ pool, clock }) };
  const tell: Duty[] =
    mailer === undefined
      ? []
      : [{ name: 'webhook.tell', every: 5000, run: () => tellOfDisabledEndpoint({ pool, sealer, mailer }) }];
  return [deliverDuty(parts, 'prompt'), deliverDuty(parts, 'slow'), ...tell, purge];
}

function deliverDuty(
  { worker: pool, pools, cipher, clock, log, webhooks }: WebhookDutyParts,
  lane: Lane,
): Duty {
  const delivery = {
    pool,
    sealer: pools.sealer,
    cipher,
    clock,
    lane,
    ...(webhooks?.outbound === undefined ? {} : { outbound: webhooks.outbound }),
    onFault: ({ error, ...where }: { deliveryId: string; tenantId: string; error: unknown }) =>
      log.warn({ event: 'webhook_fault', ...where, error: describeError(error) }),
  };
  return {
    name: lane === 'slow' ? 'webhook.deliver-slow' : 'webhook.deliver',
    every: lane === 'slow' ? 1000 : 250,
    run: (signal) => deliverWebhooks(delivery, signal),
  };
}
