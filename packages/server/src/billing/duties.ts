import { randomUUID } from 'node:crypto';
import { reconcile, reviewStandings } from '@bulkhead/platform/billing';
import type { Pool } from 'pg';
import type { Duty } from '../duties/duty.ts';
import type { Parts } from '../parts.ts';
import { billingDependencies, stripeApi } from './parts.ts';

const minute = 60_000;

/** Ends what grace has run out, and compares customers with Stripe. */
export function billingDuties(parts: Parts & { worker: Pool }): Duty[] {
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
