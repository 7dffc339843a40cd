import { usageFailure } from '../command-line/failure.ts';

type Queries = { query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }> };

export type Received = {
  id: string;
  tenant: string | null;
  eventId: string;
  eventType: string;
  receivedAt: string;
  state: string;
  attempts: number;
  error: string | null;
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Events that came, of every tenant and of the service itself (billing), the newest first; never what they hold.
 *
 * @param client connected as bulkhead_owner
 */
export async function listReceived(
  client: Queries,
  { state, tenant, limit }: { state: string; tenant: string | undefined; limit: number },
): Promise<Received[]> {
  const { rows } = await client.query(
    `select r.id, r.tenant_id as tenant, r.event_id as "eventId", r.event_type as "eventType", r.received_at as "receivedAt",
       r.state, r.attempts, r.error
     from webhooks.received_event r
     where r.state = $1 and ($2::uuid is null or r.tenant_id = $2)
     order by r.received_at desc, r.id limit $3`,
    [state, tenant === undefined ? null : checked(tenant), limit],
  );
  return rows.map((row) => ({ ...row, receivedAt: (row['receivedAt'] as Date).toISOString() }) as Received);
}

/**
 * Has given-up events processed anew: the named ones, or every failed one. A processed event never.
 *
 * @param client connected as bulkhead_owner
 * @returns how many
 */
export async function replayReceived(
  client: Queries,
  { events, at }: { events: readonly string[] | 'failed'; at: Date },
): Promise<number> {
  const { rows } = await client.query('select webhooks.replay_any($1, $2) as replayed', [
    events === 'failed' ? null : events.map(checked),
    at,
  ]);
  return Number(rows[0]?.['replayed']);
}

/**
 * Says which tier a price of Stripe's buys.
 *
 * @param client connected as bulkhead_owner
 */
export async function setPrice(
  client: Queries,
  { price, tier }: { price: string; tier: string },
): Promise<void> {
  const { rows } = await client.query('select name from tenants.tier', []);
  const tiers = rows.map(({ name }) => String(name));
  if (!tiers.includes(tier))
    throw usageFailure(`There is no tier “${tier}”. There are: ${tiers.join(', ')}.`);
  if (!/^price_[A-Za-z0-9]{1,90}$/.test(price)) throw usageFailure('A price is price_… as Stripe shows it.');
  await client.query('select billing.set_price($1, $2)', [price, tier]);
}

/**
 * Says which customer of Stripe's a tenant is, in place of the one known before.
 *
 * @param client connected as bulkhead_owner
 */
export async function linkCustomer(
  client: Queries,
  { tenant, customer, at }: { tenant: string; customer: string; at: Date },
): Promise<void> {
  if (!/^cus_[A-Za-z0-9]{1,90}$/.test(customer))
    throw usageFailure('A customer is cus_… as Stripe shows it.');
  await client.query('select billing.link_customer($1, $2, $3)', [checked(tenant), customer, at]);
}

function checked(id: string): string {
  if (uuid.test(id)) return id;
  throw usageFailure(`“${id}” is no id: it has the form 01234567-89ab-4cde-8f01-23456789abcd.`);
}
