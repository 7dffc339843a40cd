import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../clock.ts';
import type { Sealer } from '../sealer.ts';
import { inTransaction } from '../transaction.ts';
import type { ServiceHandler } from '../webhooks/in/process.ts';
import { isBillingEvent, readBillingEvent, type BillingNote } from './event.ts';

export type BillingDependencies = {
  sealer: Pick<Sealer, 'seal'>;
  clock: Clock;
  /** Days for which a tenant keeps its tier after a failed payment. */
  graceDays: number;
};

/** The handler of the service's own events: undefined for those from which nothing follows. */
export function billingHandlerOf(billing: BillingDependencies, type: string): ServiceHandler | undefined {
  if (!isBillingEvent(type)) return undefined;
  return async (event, client) => {
    const note = readBillingEvent(event.payload);
    if (note === undefined) return;
    await applyNote(billing, { client, note, job: event.id });
  };
}

/**
 * Writes down what Stripe said, and sets the tier of the tenant that the customer is known to be, in the client's
 * transaction. The body never says which tenant: that is known from a checkout this service opened, or from an operator.
 *
 * @param job UUID; the actor of the change in the audit ledger
 */
export async function applyNote(
  billing: BillingDependencies,
  { client, note, job }: { client: PoolClient; note: BillingNote; job: string },
): Promise<void> {
  const customer = note.kind === 'checkout' ? note.customer : note.note.customer;
  if (note.kind === 'checkout') {
    await client.query('select billing.complete_checkout($1, $2, $3)', [
      note.session,
      customer,
      new Date(billing.clock()),
    ]);
  } else {
    const text = `select billing.note_${note.kind}($1)`;
    await client.query(text, [JSON.stringify(note.note)]);
  }
  const { rows } = await client.query<{ tenant: string | null }>('select billing.tenant_of($1) as tenant', [
    customer,
  ]);
  const tenant = rows[0]?.tenant;
  if (typeof tenant === 'string') await assess(billing, { client, tenant, job });
}

/** Sets standing and tier by what is noted. @returns the standing */
export async function assess(
  { sealer, clock, graceDays }: BillingDependencies,
  { client, tenant, job }: { client: PoolClient; tenant: string; job: string },
): Promise<void> {
  const context = sealer.seal({ tenant, actor: { kind: 'job', id: job } });
  await client.query('select billing.assess($1, $2, make_interval(days => $3))', [
    context,
    new Date(clock()),
    graceDays,
  ]);
}

/** Assesses tenants whose grace has ended. As bulkhead_worker. @returns how many */
export async function reviewStandings(
  billing: BillingDependencies,
  { worker, randomUuid }: { worker: Pool; randomUuid: () => string },
): Promise<number> {
  const { rows } = await worker.query<{ tenant_id: string }>('select * from billing.due_reviews($1, 50)', [
    new Date(billing.clock()),
  ]);
  for (const { tenant_id: tenant } of rows) {
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await inTransaction(worker, (client) => assess(billing, { client, tenant, job: randomUuid() }));
  }
  return rows.length;
}
