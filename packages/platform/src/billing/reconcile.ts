import type { Pool } from 'pg';
import { inTransaction } from '../transaction.ts';
import { applyNote, type BillingDependencies } from './apply.ts';
import { list, readLatestInvoice, readSubscription, type BillingNote } from './event.ts';
import { callStripe, type StripeApi } from './stripeApi.ts';

export type Reconciliation = {
  worker: Pool;
  stripe: StripeApi;
  randomUuid: () => string;
};

/** Customers compared in one run. */
const most = 10;

/**
 * Compares customers with Stripe, each once a day, at once when events of one second contradicted each other: a lost
 * event costs a day at most. As bulkhead_worker, several servers at once or one.
 *
 * @returns `'again'` when there is more to do at once
 * @throws StripeCallError, StripeFormError, OutboundError; of the first customer that failed, whose turn comes again in an hour
 */
export async function reconcile(
  billing: BillingDependencies,
  { worker, stripe, randomUuid }: Reconciliation,
  signal?: AbortSignal,
): Promise<'again' | undefined> {
  const { rows } = await worker.query<{ customer_id: string }>(
    `select customer_id from billing.claim_checks($1, interval '1 day', $2)`,
    [new Date(billing.clock()), most],
  );
  const failures: unknown[] = [];
  for (const { customer_id: customer } of rows) {
    if (signal?.aborted === true) return undefined;
    try {
      // oxlint-disable-next-line no-await-in-loop -- Stripe limits how fast it may be asked
      await compare(billing, { worker, stripe, randomUuid }, customer);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return rows.length === most ? 'again' : undefined;
}

async function compare(
  billing: BillingDependencies,
  { worker, stripe, randomUuid }: Reconciliation,
  customer: string,
): Promise<void> {
  const notes = await fetchNotes(billing, stripe, customer);
  await inTransaction(worker, async (client) => {
    const job = randomUuid();
    // First: a contradiction that the notes bring up asks for another comparison.
    await client.query('select billing.finish_check($1, $2)', [customer, new Date(billing.clock())]);
    for (const note of notes) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      await applyNote(billing, { client, note, job });
    }
  });
}

async function fetchNotes(
  { clock }: BillingDependencies,
  stripe: StripeApi,
  customer: string,
): Promise<BillingNote[]> {
  const query = new URLSearchParams([
    ['customer', customer],
    ['status', 'all'],
    ['limit', '100'],
    ['expand[]', 'data.latest_invoice'],
  ]);
  const { answer, at } = await callStripe(stripe, `/v1/subscriptions?${query}`);
  const asOf = at ?? Math.floor(clock() / 1000);
  return list(answer).flatMap((object): BillingNote[] => {
    const note = readSubscription(object, asOf);
    // What Stripe answers for another customer than was asked for says nothing of this one.
    if (note.customer !== customer) return [];
    const invoice = readLatestInvoice(object, { customer, asOf });
    return [
      { kind: 'subscription', note },
      ...(invoice === undefined ? [] : [{ kind: 'invoice' as const, note: invoice }]),
    ];
  });
}
