import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { TenantTransaction } from '@bulkhead/kernel';
import fc from 'fast-check';
import type pg from 'pg';
import Stripe from 'stripe';
import { openFixture, refusal, type Fixture, type Person } from '../../test/fixture.ts';
import { billingSecret, openReceiving, type Receiving } from '../../test/receiving.ts';
import { openStripePeer, type StripePeer } from '../../test/stripePeer.ts';
import { processEvents } from '../webhooks/in/index.ts';
import {
  billingHandlerOf,
  openCheckout,
  openPortal,
  readStanding,
  reconcile,
  reviewStandings,
  type BillingDependencies,
} from './index.ts';

const day = 24 * 3_600_000;
const stripe = new Stripe('sk_test_123');
let ids = 0;
const fresh = (prefix: string): string => `${prefix}_${(ids += 1)}`;

type Said = { type: string; object: Record<string, unknown>; at: number; id?: string };

describe('billing', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let owner: pg.Client;
  let superuser: pg.Client;
  let peer: StripePeer;
  let billing: BillingDependencies;
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    [owner, superuser] = [await fixture.connect('owner'), await fixture.connect('superuser')];
    await owner.query(
      `insert into billing.price values ('price_business', 'business'), ('price_enterprise', 'enterprise')`,
    );
    await owner.query(`select tenants.set_default_tier('free')`);
    peer = await openStripePeer(fixture.identity.clock);
    billing = { sealer: fixture.database.sealer, clock: fixture.identity.clock, graceDays: 7 };
  });
  after(async () => {
    await peer.close();
    await receiving.close();
    await fixture.close();
  });

  const now = (): number => Math.floor(fixture.identity.clock() / 1000);
  /** What Stripe sends, signed by its own library, through the door everything comes through. */
  const say = async ({ type, object, at, id = fresh('evt') }: Said): Promise<number> => {
    const payload = JSON.stringify({ id, object: 'event', type, created: at, data: { object } });
    const header = stripe.webhooks.generateTestHeaderString({
      payload,
      secret: billingSecret,
      timestamp: now(),
    });
    return (await receiving.send('billing', { 'stripe-signature': header }, payload)).status;
  };
  const process = async (): Promise<void> => {
    const processing = receiving.processing({ service: (type) => billingHandlerOf(billing, type) });
    while ((await processEvents<TenantTransaction>(processing)) === 'again');
  };
  const subscription = (id: string, customer: string, more: object = {}): Record<string, unknown> => ({
    id,
    object: 'subscription',
    customer,
    status: 'active',
    cancel_at_period_end: false,
    items: { data: [{ price: { id: 'price_business' }, current_period_end: 1_900_000_000 }] },
    ...more,
  });
  const invoice = (id: string, customer: string, sub: string): Record<string, unknown> => ({
    id,
    object: 'invoice',
    customer,
    parent: { subscription_details: { subscription: sub } },
  });
  const buying = (person: Person) => ({
    session: person.session,
    tenantId: person.tenantId,
    service: fixture.identity,
    clock: fixture.identity.clock,
    stripe: peer.api,
    returnUrl: 'https://app.example.com/billing',
  });
  /** A tenant that is a customer, by a checkout that it opened and paid. */
  const customerOf = async (person: Person): Promise<string> => {
    const [session, customer] = [fresh('cs'), fresh('cus')];
    peer.answers['/v1/checkout/sessions'] = { id: session, url: 'https://checkout.stripe.com/c/pay' };
    await openCheckout(buying(person), { tier: 'business' });
    const object = { id: session, object: 'checkout.session', mode: 'subscription', customer };
    await say({ type: 'checkout.session.completed', object, at: now() });
    await process();
    return customer;
  };
  const tierOf = async ({ session }: Person): Promise<string> => {
    const { standing, tier } = await readStanding(session);
    return `${tier.name} ${standing}`;
  };

  it('sets the tier of the tenant that opened the checkout, and audits it as a job (AUD-1, EDG-3)', async () => {
    const person = await fixture.person();
    assert.equal(await tierOf(person), 'free none');
    const customer = await customerOf(person);
    const [call] = peer.asked.slice(-1);
    assert.equal(call?.authorization, 'Bearer sk_test_peer');
    assert.deepEqual(
      [call?.form.get('mode'), call?.form.get('line_items[0][price]'), call?.form.get('success_url')],
      ['subscription', 'price_business', 'https://app.example.com/billing'],
    );
    await say({
      type: 'customer.subscription.created',
      object: subscription(fresh('sub'), customer),
      at: now(),
    });
    await process();
    assert.equal(await tierOf(person), 'business good');
    const { rows } = await person.session.query<{ target_type: string; actor_kind: string }>(
      `select distinct target_type, actor_kind from bulkhead.audit_log
       where target_type in ('billing.standing', 'tenants.tenant_tier') order by 1`,
    );
    assert.deepEqual(rows, [
      { target_type: 'billing.standing', actor_kind: 'job' },
      { target_type: 'tenants.tenant_tier', actor_kind: 'job' },
    ]);
  });

  it('does the same whatever the order and however often events come (property)', async () => {
    const plan = (customer: string, at: number): Said[] => {
      const [sub, paid, failed] = [fresh('sub'), fresh('in'), fresh('in')];
      return [
        {
          type: 'customer.subscription.created',
          object: subscription(sub, customer, { status: 'incomplete' }),
          at,
        },
        // In the same second as it was created, which is what Stripe does.
        { type: 'customer.subscription.updated', object: subscription(sub, customer), at },
        { type: 'invoice.paid', object: invoice(paid, customer, sub), at: at + 1 },
        { type: 'invoice.payment_failed', object: invoice(failed, customer, sub), at: at + 100 },
        {
          type: 'customer.subscription.updated',
          object: subscription(sub, customer, { status: 'past_due' }),
          at: at + 100,
        },
        { type: 'invoice.payment_failed', object: invoice(failed, customer, sub), at: at + 3700 },
        {
          type: 'customer.subscription.updated',
          object: subscription(sub, customer, {
            status: 'past_due',
            items: { data: [{ price: { id: 'price_enterprise' }, current_period_end: 1_900_000_000 }] },
          }),
          at: at + 4000,
        },
      ].map((event) => ({ ...event, id: fresh('evt') }));
    };
    const endings: [string, (said: Said[], customer: string) => Said[]][] = [
      ['enterprise grace', (said) => said],
      [
        'enterprise good',
        (said, customer) => {
          const { object, at = 0 } = said.at(-1) ?? {};
          const paid = {
            type: 'invoice.paid',
            object: invoice(String(said[3]?.object['id']), customer, String(object?.['id'])),
            at: at + 1,
            id: fresh('evt'),
          };
          return [
            ...said,
            paid,
            {
              type: 'customer.subscription.updated',
              object: { ...object, status: 'active' },
              at: at + 1,
              id: fresh('evt'),
            },
          ];
        },
      ],
      [
        'free none',
        (said) => {
          const { object, at = 0 } = said.at(-1) ?? {};
          const ended = {
            type: 'customer.subscription.deleted',
            object: { ...object, status: 'canceled' },
            at: at + 1,
            id: fresh('evt'),
          };
          // What is said of an ended subscription afterwards does not revive it.
          return [
            ...said,
            ended,
            {
              type: 'customer.subscription.updated',
              object: { ...object, status: 'active' },
              at: at + 9,
              id: fresh('evt'),
            },
          ];
        },
      ],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...endings),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        // Seven events or more differ, so that one of them comes after the sixth: linked later, when nothing new comes, a
        // tenant would wait for the next comparison with Stripe.
        fc.nat({ max: 5 }),
        async ([expected, end], chance, linkAt) => {
          const person = await fixture.person();
          const customer = fresh('cus');
          const said = end(plan(customer, now()), customer);
          const twice = [...said, ...said.filter((_, index) => index % 2 === 0)]
            .map((event, index) => ({ event, order: chance[index] ?? 0 }))
            .toSorted((a, b) => a.order - b.order)
            .map(({ event }) => event);
          for (const [index, event] of twice.entries()) {
            // oxlint-disable-next-line no-await-in-loop
            if (index === linkAt)
              await owner.query('select billing.link_customer($1, $2, $3)', [
                person.tenantId,
                customer,
                new Date(),
              ]);
            // oxlint-disable-next-line no-await-in-loop
            assert.equal(await say(event), 200);
            // oxlint-disable-next-line no-await-in-loop
            if (index % 3 === 0) await process();
          }
          await process();
          assert.equal(await tierOf(person), expected);
          const { graceUntil } = await readStanding(person.session);
          const grace = expected.endsWith('grace') ? new Date((now() + 100) * 1000 + 7 * day) : null;
          assert.deepEqual(graceUntil, grace);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps the tier for seven days after a failed payment, then takes it; paying gives it back', async () => {
    const person = await fixture.person();
    const customer = await customerOf(person);
    const [sub, unpaid] = [fresh('sub'), fresh('in')];
    await say({ type: 'customer.subscription.created', object: subscription(sub, customer), at: now() });
    await say({ type: 'invoice.payment_failed', object: invoice(unpaid, customer, sub), at: now() + 1 });
    await process();
    assert.equal(await tierOf(person), 'business grace');
    fixture.advance(7 * day);
    await reviewStandings(billing, { worker: receiving.worker, randomUuid: randomUUID });
    assert.equal(await tierOf(person), 'business grace');
    fixture.advance(2000);
    await reviewStandings(billing, { worker: receiving.worker, randomUuid: randomUUID });
    assert.equal(await tierOf(person), 'free suspended');
    assert.equal(await reviewStandings(billing, { worker: receiving.worker, randomUuid: randomUUID }), 0);
    await say({ type: 'invoice.paid', object: invoice(unpaid, customer, sub), at: now() });
    await process();
    assert.equal(await tierOf(person), 'business good');
  });

  it('never learns from a webhook which tenant a customer is: a checkout for one does not set another’s tier', async () => {
    const [victim, attacker] = [await fixture.person(), await fixture.person()];
    const customer = fresh('cus');
    const claims = {
      client_reference_id: victim.tenantId,
      metadata: { tenant: victim.tenantId, tenant_id: victim.tenantId },
    };
    const foreign = {
      id: fresh('cs'),
      object: 'checkout.session',
      mode: 'subscription',
      customer,
      ...claims,
    };
    await say({ type: 'checkout.session.completed', object: foreign, at: now() });
    await say({
      type: 'customer.subscription.created',
      object: subscription(fresh('sub'), customer, claims),
      at: now(),
    });
    await process();
    assert.equal(await tierOf(victim), 'free none');
    // The attacker pays for a checkout of its own with the customer of another: neither's tier changes hands.
    const paying = await customerOf(victim);
    const sub = fresh('sub');
    await say({ type: 'customer.subscription.created', object: subscription(sub, paying), at: now() });
    const session = fresh('cs');
    peer.answers['/v1/checkout/sessions'] = { id: session, url: 'https://checkout.stripe.com/c/pay' };
    await openCheckout(buying(attacker), { tier: 'business' });
    await say({
      type: 'checkout.session.completed',
      object: { ...foreign, id: session, customer: paying },
      at: now(),
    });
    await process();
    assert.deepEqual([await tierOf(victim), await tierOf(attacker)], ['business good', 'free none']);
    // A checkout says who a customer is once.
    await say({
      type: 'checkout.session.completed',
      object: { ...foreign, id: session, customer: fresh('cus') },
      at: now(),
    });
    await process();
    assert.equal((await readStanding(attacker.session)).hasCustomer, false);
    const { rows } = await superuser.query<{ outcome: string }>(
      `select detail ->> 'outcome' as outcome from bulkhead.audit_entry where action = 'billing.unmatched' order by id`,
    );
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      ['unknown_checkout', 'customer_of_another'],
    );
    await assert.rejects(
      owner.query('select billing.link_customer($1, $2, now())', [attacker.tenantId, paying]),
      { code: '23505', constraint: 'customer_of_another' },
    );
  });

  it('is compared with Stripe once a day, so that a lost event costs a day at most', async () => {
    const person = await fixture.person();
    const customer = await customerOf(person);
    await owner.query(`update billing.customer set checked_at = $1 where customer_id <> $2`, [
      new Date(now() * 1000),
      customer,
    ]);
    const { api: api2, answers, asked } = peer;
    const compare = () =>
      reconcile(billing, { worker: receiving.worker, stripe: api2, randomUuid: randomUUID });
    const [sub, latest] = [fresh('sub'), fresh('in')];
    answers['/v1/subscriptions'] = {
      data: [subscription(sub, customer), subscription(fresh('sub'), 'cus_foreign')],
    };
    await compare();
    assert.equal(await tierOf(person), 'business good');
    assert.equal(asked.at(-1)?.form.get('customer'), customer);
    const before = asked.length;
    await compare();
    assert.equal(asked.length, before);
    // A day later a payment has failed, and the service did not hear of it.
    fixture.advance(day);
    await owner.query(`update billing.customer set checked_at = $1 where customer_id <> $2`, [
      new Date(now() * 1000),
      customer,
    ]);
    const failedInvoice = { id: latest, status: 'open', attempted: true, created: now() - 3600 };
    answers['/v1/subscriptions'] = {
      data: [subscription(sub, customer, { status: 'past_due', latest_invoice: failedInvoice })],
    };
    await compare();
    assert.equal(await tierOf(person), 'business grace');
    assert.deepEqual(
      (await readStanding(person.session)).graceUntil,
      new Date((now() - 3600) * 1000 + 7 * day),
    );
    // While Stripe is away nothing changes, and it is asked again within the hour.
    fixture.advance(day);
    answers['/v1/subscriptions'] = 503;
    await owner.query(`update billing.customer set checked_at = $1 where customer_id <> $2`, [
      new Date(now() * 1000),
      customer,
    ]);
    await assert.rejects(compare(), { name: 'StripeCallError', status: 503 });
    assert.equal(await tierOf(person), 'business grace');
    answers['/v1/subscriptions'] = { data: [subscription(sub, customer, { status: 'canceled' })] };
    fixture.advance(3_600_000);
    await owner.query(`update billing.customer set checked_at = $1 where customer_id <> $2`, [
      new Date(now() * 1000),
      customer,
    ]);
    await compare();
    assert.equal(await tierOf(person), 'free none');
  });

  it('reaches Stripe through the outbound guard, and says plainly that it could not', async () => {
    const person = await fixture.person();
    const inward = { ...buying(person), stripe: { base: peer.api.base, key: 'sk_test_peer' } };
    await assert.rejects(openCheckout(inward, { tier: 'business' }), refusal('billing_unavailable'));
    await assert.rejects(openCheckout(buying(person), { tier: 'standard' }), refusal('tier_missing'));
    await assert.rejects(
      openCheckout({ ...buying(person), stripe: undefined }, { tier: 'business' }),
      refusal('billing_unavailable'),
    );
    await assert.rejects(openPortal(buying(person)), refusal('customer_missing'));
    const customer = await customerOf(person);
    peer.answers['/v1/billing_portal/sessions'] = {
      id: 'bps_1',
      url: 'https://billing.stripe.com/p/session',
    };
    assert.deepEqual(await openPortal(buying(person)), { url: 'https://billing.stripe.com/p/session' });
    assert.equal(peer.asked.at(-1)?.form.get('customer'), customer);
  });
});
