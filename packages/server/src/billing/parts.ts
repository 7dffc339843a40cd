import type { BillingDependencies, StripeApi } from '@bulkhead/platform/billing';
import type { Parts } from '../parts.ts';
import type { Config } from '../config/schema.ts';

/** What sets a tenant's tier on this server. */
export function billingDependencies({
  pools,
  clock,
  config,
}: Pick<Parts, 'pools' | 'clock' | 'config'>): BillingDependencies {
  return { sealer: pools.sealer, clock, graceDays: config.billing.graceDays };
}

/** What the handlers of billing work with. */
export type BillingHandlerParts = {
  /** Undefined: nothing can be bought here. */
  stripe: StripeApi | undefined;
  /** The origin people use; known once the server listens. */
  origin: () => string;
};

/** How Stripe is called; undefined where no key is configured. */
export function stripeApi({ billing }: Pick<Config, 'billing'>): StripeApi | undefined {
  const { apiKey, apiBase } = billing;
  if (apiKey === undefined) return undefined;
  const { protocol, port } = new URL(apiBase);
  // Only an operator's configuration names an address of this machine: a stand-in for Stripe, in a test.
  if (protocol !== 'http:') return { base: apiBase, key: apiKey };
  const ports = [Number(port === '' ? 80 : port)];
  const privateTargets = ['127.0.0.1/32', '::1/128'].map((range) => ({ range, ports }));
  return { base: apiBase, key: apiKey, outbound: { http: true, privateTargets } };
}
