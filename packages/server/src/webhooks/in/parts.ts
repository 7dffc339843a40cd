import { systemRandomBytes } from '@bulkhead/platform/random';
import { EventStore, RefusalCounts, SourceDirectory, WebhookReceiver } from '@bulkhead/platform/webhooks/in';
import type { Parts } from '../../parts.ts';
import { createSenderLimit, type SenderLimit } from './unknownSources.ts';

export type InboundParts = { receiver: WebhookReceiver; refusals: RefusalCounts };

/** What the route works with: the receiver, behind the limit of unknown sources. */
export function sendersOf(
  parts: Pick<Parts, 'config' | 'pools' | 'cipher' | 'clock' | 'limits'>,
): SenderLimit {
  return createSenderLimit({ ...inboundParts(parts), limits: parts.limits, clock: parts.clock });
}

const made = new WeakMap<object, InboundParts>();

/** What receives this server's webhooks: one for a server, for its routes count what its duty reports. */
export function inboundParts(parts: Pick<Parts, 'config' | 'pools' | 'cipher' | 'clock'>): InboundParts {
  const known = made.get(parts.pools);
  if (known !== undefined) return known;
  const { config, pools, cipher, clock } = parts;
  const { webhookSecret, previousWebhookSecret } = config.billing;
  const pool = pools.identity;
  const refusals = new RefusalCounts();
  const receiver = new WebhookReceiver({
    sources: new SourceDirectory({
      pool,
      sealer: pools.sealer,
      cipher,
      clock,
      billingSecrets: [webhookSecret, previousWebhookSecret].filter((secret) => secret !== undefined),
    }),
    store: new EventStore({ pool, sealer: pools.sealer, clock }),
    cipher,
    clock,
    randomBytes: systemRandomBytes,
    refusals,
  });
  const inbound = { receiver, refusals };
  made.set(parts.pools, inbound);
  return inbound;
}
