/** What Stripe's events say, as far as a tier follows from it. */
export type SubscriptionNote = {
  id: string;
  customer: string;
  status: string;
  /** Unix seconds of the statement. */
  asOf: number;
  prices: string[];
  periodEnd: string | null;
  cancels: boolean;
};

export type InvoiceNote = {
  id: string;
  subscription: string | null;
  customer: string;
  failedAt: string | null;
  /** Paid, void or written off. */
  closed: boolean;
};

export type BillingNote =
  | { kind: 'subscription'; note: SubscriptionNote }
  | { kind: 'invoice'; note: InvoiceNote }
  | { kind: 'checkout'; session: string; customer: string };

/** An event, or an answer, of Stripe's that does not have the form it is documented to have. */
export class StripeFormError extends Error {
  override readonly name = 'StripeFormError';
  readonly code = 'stripe_form';
}

const closingInvoices: ReadonlySet<string> = new Set([
  'invoice.paid',
  'invoice.payment_succeeded',
  'invoice.voided',
  'invoice.marked_uncollectible',
]);

/** Whether an event's type says anything of a tier. */
export function isBillingEvent(type: string): boolean {
  return (
    type.startsWith('customer.subscription.') ||
    closingInvoices.has(type) ||
    type === 'invoice.payment_failed' ||
    type === 'checkout.session.completed'
  );
}

/**
 * Reads an event of Stripe's (docs.stripe.com/api/events), of the versions before and after 2025-03-31, which moved the
 * period's end and an invoice's subscription.
 *
 * @returns undefined when nothing follows from it: of another kind, or of a connected account, which is not ours
 * @throws StripeFormError
 */
export function readBillingEvent(payload: Record<string, unknown>): BillingNote | undefined {
  const { type, created, account } = payload;
  if (account !== undefined && account !== null) return undefined;
  if (typeof type !== 'string' || typeof created !== 'number' || !Number.isSafeInteger(created))
    throw form('event');
  const object = record(record(payload['data'], 'data')['object'], 'data.object');
  if (type.startsWith('customer.subscription.')) {
    return { kind: 'subscription', note: readSubscription(object, created) };
  }
  if (type === 'invoice.payment_failed' || closingInvoices.has(type)) {
    const customer = reference(object['customer']);
    if (customer === null) return undefined;
    const failedAt = type === 'invoice.payment_failed' ? instant(created) : null;
    return {
      kind: 'invoice',
      note: {
        id: id(object),
        subscription: subscriptionOf(object),
        customer,
        failedAt,
        closed: failedAt === null,
      },
    };
  }
  if (type !== 'checkout.session.completed' || object['mode'] !== 'subscription') return undefined;
  const customer = reference(object['customer']);
  return customer === null ? undefined : { kind: 'checkout', session: id(object), customer };
}

/** A subscription as Stripe's events and answers write it. @throws StripeFormError */
export function readSubscription(object: Record<string, unknown>, asOf: number): SubscriptionNote {
  const customer = reference(object['customer']);
  const { status } = object;
  if (customer === null || typeof status !== 'string') throw form('subscription');
  const items = list(object['items']);
  const ends = [object['current_period_end'], ...items.map((item) => item['current_period_end'])];
  const end = Math.max(...ends.filter((value) => typeof value === 'number'));
  return {
    id: id(object),
    customer,
    status,
    asOf,
    prices: items.map((item) => id(record(item['price'], 'price'))),
    periodEnd: Number.isFinite(end) ? instant(end) : null,
    cancels: object['cancel_at_period_end'] === true || typeof object['cancel_at'] === 'number',
  };
}

/**
 * A subscription's latest invoice, expanded, when it tells of a payment, or that none came: one that is sent to be paid
 * is attempted never, and is due on a day.
 *
 * @param of.asOf Unix seconds of the answer
 */
export function readLatestInvoice(
  object: Record<string, unknown>,
  { customer, asOf }: { customer: string; asOf: number },
): InvoiceNote | undefined {
  const invoice = object['latest_invoice'];
  if (typeof invoice !== 'object' || invoice === null) return undefined;
  const latest = invoice as Record<string, unknown>;
  const { status, attempted, created, due_date: due } = latest;
  const closed = status === 'paid' || status === 'void' || status === 'uncollectible';
  const since = attempted === true ? created : due;
  const failed = status === 'open' && typeof since === 'number' && since < asOf;
  if (!closed && !failed) return undefined;
  return {
    id: id(latest),
    subscription: id(object),
    customer,
    failedAt: failed ? instant(since) : null,
    closed,
  };
}

function subscriptionOf(invoice: Record<string, unknown>): string | null {
  const direct = reference(invoice['subscription']);
  if (direct !== null) return direct;
  const { parent } = invoice;
  if (typeof parent !== 'object' || parent === null) return null;
  const details = (parent as Record<string, unknown>)['subscription_details'];
  if (typeof details !== 'object' || details === null) return null;
  return reference((details as Record<string, unknown>)['subscription']);
}

const stripeId = /^[A-Za-z0-9_]{1,100}$/;

function id(object: Record<string, unknown>): string {
  const value = object['id'];
  if (typeof value !== 'string' || !/^[A-Za-z0-9_]{1,200}$/.test(value)) throw form('id');
  return value;
}

/** An id, or the object it stands for. */
function reference(value: unknown): string | null {
  const text = typeof value === 'object' && value !== null && 'id' in value ? value.id : value;
  return typeof text === 'string' && stripeId.test(text) ? text : null;
}

export function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw form(name);
  return value as Record<string, unknown>;
}

export function list(value: unknown): Record<string, unknown>[] {
  const data: unknown =
    typeof value === 'object' && value !== null && 'data' in value ? value.data : undefined;
  if (!Array.isArray(data)) throw form('list');
  return data.map((item: unknown) => record(item, 'list'));
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw form('time');
  return date.toISOString();
}

function form(name: string): StripeFormError {
  return new StripeFormError(`what Stripe sent has no usable ${name}`);
}
