import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import { PlatformError } from '../errors.ts';
import { OutboundError } from '../outbound/index.ts';
import type { Sealer } from '../sealer.ts';
import type { TenantSession } from '../tenantSession.ts';
import { StripeFormError } from './event.ts';
import { billingSourceId } from '../webhooks/in/source.ts';
import { callStripe, StripeCallError, type StripeApi } from './stripeApi.ts';

/** How a tenant stands with what it pays for. */
export type Standing = {
  /** none: no live subscription. grace: a payment failed, the tier stays for now. suspended: it failed for too long. */
  standing: 'none' | 'good' | 'grace' | 'suspended';
  /** The tier that holds, however it came about. */
  tier: { name: string; title: string };
  /** The tier that is paid for; null: none. */
  paidTier: string | null;
  graceUntil: Date | null;
  periodEnd: Date | null;
  cancels: boolean;
  /** Whether Stripe knows the tenant: its cards and invoices can be seen there. */
  hasCustomer: boolean;
  /** Tiers that can be bought. */
  offers: { tier: string; title: string }[];
};

/** The context's tenant's tier and standing. */
export async function readStanding(session: TenantSession): Promise<Standing> {
  const { rows } = await session.query<StandingRow>(
    `select t.name, t.title, s.standing, s.tier as "paidTier", s.grace_until as "graceUntil", s.period_end as "periodEnd",
       coalesce(s.cancels, false) as cancels, billing.own_customer() is not null as "hasCustomer",
       (select coalesce(json_agg(json_build_object('tier', o.name, 'title', o.title) order by o.rank), '[]')
         from tenants.tier o where exists (select from billing.price p where p.tier = o.name)) as offers
     from tenants.own_tier() t left join billing.standing s on true`,
  );
  const [row] = rows;
  if (row === undefined) throw new PlatformError('tier_missing');
  const { name, title, standing, ...rest } = row;
  return { ...rest, standing: standing ?? 'none', tier: { name, title } };
}

type StandingRow = Omit<Standing, 'standing' | 'tier'> & {
  name: string;
  title: string;
  standing: Standing['standing'] | null;
};

export type Buying = {
  session: TenantSession;
  tenantId: string;
  /** Who says that this service opened a checkout; `pool` connected as bulkhead_identity. */
  service: { pool: Pool; sealer: Sealer };
  clock: Clock;
  /** Undefined: this service does not bill. */
  stripe: StripeApi | undefined;
  /** Where Stripe sends people back to. */
  returnUrl: string;
};

/**
 * Opens a checkout at Stripe for the context's tenant, and remembers for whom. Card data is entered there, and never
 * here.
 *
 * @returns the page to go to
 * @throws PlatformError billing_unavailable, tier_missing
 */
export async function openCheckout(buying: Buying, { tier }: { tier: string }): Promise<{ url: string }> {
  const { session, tenantId, service, clock, returnUrl } = buying;
  const { rows } = await session.query<{ price: string | null; customer: string | null }>(
    `select (select min(p.price_id) from billing.price p where p.tier = $1) as price, billing.own_customer() as customer`,
    [tier],
  );
  const { price = null, customer = null } = rows[0] ?? {};
  if (price === null) throw new PlatformError('tier_missing');
  const form = new URLSearchParams([
    ['mode', 'subscription'],
    ['line_items[0][price]', price],
    ['line_items[0][quantity]', '1'],
    ['success_url', returnUrl],
    ['cancel_url', returnUrl],
    ...(customer === null ? [] : [['customer', customer]]),
  ]);
  const opened = await asked(buying, '/v1/checkout/sessions', form);
  // In the service's name: what a request of the tenant's could say itself would make any checkout the tenant's.
  const context = service.sealer.seal({ tenant: tenantId, actor: { kind: 'service', id: billingSourceId } });
  await service.pool.query('select billing.open_checkout($1, $2, $3, $4)', [
    context,
    opened.id,
    tier,
    new Date(clock()),
  ]);
  return { url: opened.url };
}

/**
 * Opens Stripe's own page for a tenant's cards, invoices and subscription.
 *
 * @throws PlatformError billing_unavailable, customer_missing
 */
export async function openPortal(buying: Buying): Promise<{ url: string }> {
  const { rows } = await buying.session.query<{ customer: string | null }>(
    'select billing.own_customer() as customer',
  );
  const customer = rows[0]?.customer ?? null;
  if (customer === null) throw new PlatformError('customer_missing');
  const form = new URLSearchParams({ customer, return_url: buying.returnUrl });
  const { url } = await asked(buying, '/v1/billing_portal/sessions', form);
  return { url };
}

async function asked(
  { stripe }: Buying,
  path: string,
  form: URLSearchParams,
): Promise<{ id: string; url: string }> {
  if (stripe === undefined) throw new PlatformError('billing_unavailable');
  try {
    const { id, url } = (await callStripe(stripe, path, form)).answer;
    if (typeof id !== 'string' || typeof url !== 'string' || !/^https?:/.test(url)) {
      throw new StripeFormError('what Stripe answered has no id or no page');
    }
    return { id, url };
  } catch (cause) {
    const known =
      cause instanceof StripeCallError || cause instanceof StripeFormError || cause instanceof OutboundError;
    if (!known) throw cause;
    throw new PlatformError('billing_unavailable', { cause });
  }
}
