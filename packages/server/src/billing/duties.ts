import { randomUUID } from 'node:crypto';
import { reconcile, reviewStandings } from '@bulkhead/platform/billing';
import type { Duty, DutyParts } from '../duties/index.ts';
import { billingDependencies, stripeApi } from './parts.ts';

const minute = 60_000;

/** Ends what grace has run out, and compares customers with Stripe. */
export function billingDuties(parts: DutyParts): Duty[] {
  const { worker, config } = parts;
  const billing = billingDependencies(parts);
  const stripe = stripeApi(config);
  const review: Duty = {
    name: 'billing.review',
    every: minute,
    run: async () => void (await reviewStandings(billing, { worker, randomUuid: randomUUID })),
  };
  if (stripe === undefined) return [review];
  const reconciliation = { worker, stripe, randomUuid: randomUUID };
  return [
    review,
    { name: 'billing.reconcile', every: minute, run: (signal) => reconcile(billing, reconciliation, signal) },
  ];
}
