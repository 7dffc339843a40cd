import type { Clock } from '@bulkhead/platform/clock';
import type { OutboundOptions } from '@bulkhead/platform/outbound';
import { systemRandomBytes } from '@bulkhead/platform/random';
import type { RandomBytes } from '@bulkhead/platform/random';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Module } from '../../module.ts';
import { choosableEvents } from './catalogue.ts';
import type { CatalogueEvent } from './catalogue.ts';

/** Parts an embedder may replace: how tenants' servers are reached. */
export type WebhookOptions = { outbound?: OutboundOptions };

/** What the handlers of endpoints work with. */
export type WebhookSendingParts = {
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
  catalogue: readonly CatalogueEvent[];
  outbound?: OutboundOptions;
};

export function webhookSendingParts(parts: {
  cipher: FieldCipher;
  clock: Clock;
  modules: readonly Module[];
  webhooks?: WebhookOptions | undefined;
}): WebhookSendingParts {
  const { cipher, clock, modules, webhooks } = parts;
  return {
    cipher,
    clock,
    randomBytes: systemRandomBytes,
    catalogue: choosableEvents(modules),
    ...(webhooks?.outbound === undefined ? {} : { outbound: webhooks.outbound }),
  };
}
