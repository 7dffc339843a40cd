import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { openFixture, type Fixture, type Person } from '../../test/fixture.ts';
import { openReceiving, type Receiving } from '../../test/receiving.ts';
import { openStripePeer, type StripePeer } from '../../test/stripePeer.ts';
import { inTransaction } from '../transaction.ts';
import {
  billingHandlerOf,
  readStanding,
  reconcile,
  reviewStandings,
  type BillingDependencies,
} from './index.ts';

const day = 24 * 3_600_000;
let ids = 0;
const fresh = (prefix: string): string => `${prefix}_${(ids += 1)}`;

describe('a grace ends, whatever is said meanwhile', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let owner: pg.Client;
  let peer: StripePeer;
  let billing: BillingDependencies;
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    owner = await fixture.connect('owner');
    await owner.query(`select billing.set_price('price_1', 'business'), billing.set_price('price_2', 'enterprise'),
      tenants.set_default_tier('free')`);
    peer = await openStripePeer(fixture.identity.clock);
    billing = { sealer: fixture.database.sealer, clock: fixture.identity.clock, graceDays: 7 };
  });
  after(async () => {
    await peer.close();
    await receiving.close();
    await fixture.close();
  });

  const now = (): number => Math.floor(fixture.identity.clock() / 1000);
  const say = async (object: object, created: number): Promise<void> => {
    const type = 'customer.subscription.updated';
    const event = { id: randomUUID(), sourceId: randomUUID(), eventId: fresh('evt'), type };
    const payload = { id: event.eventId, type, created, data: { object } };
    await inTransaction(receiving.worker, async (client) =>
      billingHandlerOf(billing, type)?.({ ...event, receivedAt: new Date(), payload }, client),
    );
  };
  const subscription = (id: string, customer: string, more: object = {}): object => ({
    id,
    customer,
    status: 'active',
    items: { data: [{ price: { id: 'price_1' } }] },
    ...more,
  });
  /** A tenant, its customer, and a subscription of it that nothing was said of. */
  const linked = async (): Promise<{ person: Person; customer: string; sub: string }> => {
    const [person, customer] = [await fixture.person(), fresh('cus')];
    await owner.query('select billing.link_customer($1, $2, $3)', [person.tenantId, customer, at(now())]);
    await checked(customer);
    return { person, customer, sub: fresh('sub') };
  };
  const at = (seconds: number): Date => new Date(seconds * 1000);
  const checked = (customer: string) =>
    owner.query('update billing.customer set checked_at = $2 where customer_id = $1', [customer, at(now())]);
  const standingOf = async ({ session }: Person): Promise<string> => {
    const { standing, tier } = await readStanding(session);
    return `${tier.name} ${standing}`;
  };
  const aDayLater = async (): Promise<void> => {
    fixture.advance(day + 60_000);
    await reconcile(billing, { worker: receiving.worker, stripe: peer.api, randomUuid: randomUUID });
    await reviewStandings(billing, { worker: receiving.worker, randomUuid: randomUUID });
  };

  it('EDG-3: comparisons that find a subscription past due every day do not prolong the grace', async () => {
    const { person, customer, sub } = await linked();
    await say(subscription(sub, customer), now());
    // An invoice that is sent to be paid is never attempted, so that no payment of it ever fails.
    const overdue = subscription(sub, customer, {
      status: 'past_due',
      collection_method: 'send_invoice',
      latest_invoice: { id: fresh('in'), status: 'open', attempted: false, created: now() },
    });
    peer.answers['/v1/subscriptions'] = { data: [overdue] };
    const seen: string[] = [];
    for (let days = 0; days < 9; days += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await aDayLater();
      // oxlint-disable-next-line no-await-in-loop
      seen.push(await standingOf(person));
    }
    // Seven comparisons find it in grace, the one on the eighth day not.
    assert.deepEqual(seen, [...Array<string>(7).fill('business grace'), 'free suspended', 'free suspended']);
    peer.answers['/v1/subscriptions'] = { data: [subscription(sub, customer)] };
    await aDayLater();
    assert.equal(await standingOf(person), 'business good');
    peer.answers['/v1/subscriptions'] = { data: [] };
  });

  it('EDG-3: nor do updates that say it every day while the failed payment was lost', async () => {
    const { person, customer, sub } = await linked();
    await say(subscription(sub, customer), now());
    for (let days = 0; days < 8; days += 1) {
      fixture.advance(day);
      // oxlint-disable-next-line no-await-in-loop
      await say(subscription(sub, customer, { status: 'past_due', metadata: { days } }), now());
    }
    assert.equal(await standingOf(person), 'free suspended');
  });

  it('EDG-3: an invoice that was sent and is past its due date was not paid since that day', async () => {
    const { person, customer, sub } = await linked();
    await say(subscription(sub, customer), now());
    const due = now() + 3600;
    const invoice = { id: fresh('in'), status: 'open', attempted: false, created: now(), due_date: due };
    const overdue = subscription(sub, customer, { status: 'past_due', latest_invoice: invoice });
    peer.answers['/v1/subscriptions'] = { data: [overdue] };
    await aDayLater();
    const { graceUntil } = await readStanding(person.session);
    assert.deepEqual(graceUntil, new Date(due * 1000 + 7 * day));
    peer.answers['/v1/subscriptions'] = { data: [] };
  });

  it('EDG-3: since when it is past due does not depend on the order in which statements come (property)', async () => {
    const start = now() - 1000;
    const statuses = fc.array(fc.constantFrom('active', 'past_due', 'unpaid', 'paused'), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(statuses, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), async (life, chance) => {
        const { person, customer, sub } = await linked();
        // It ends past due: only then a grace is to be seen.
        const said = [...life, 'past_due'].map((status, index) => ({ status, created: start + index * 10 }));
        const shuffled = said.toSorted(
          (a, b) => (chance[said.indexOf(a)] ?? 0) - (chance[said.indexOf(b)] ?? 0),
        );
        for (const { status, created } of shuffled) {
          // oxlint-disable-next-line no-await-in-loop
          await say(subscription(sub, customer, { status }), created);
        }
        const settled = said.findLastIndex(({ status }) => status === 'active' || status === 'paused');
        const since = said[settled + 1]?.created ?? 0;
        const { graceUntil } = await readStanding(person.session);
        assert.deepEqual(graceUntil, new Date(since * 1000 + 7 * day));
      }),
      { numRuns: 40 },
    );
  });

  it('EDG-3: two statements of one second that differ are put to Stripe, whichever came first', async () => {
    const differing: object[][] = [
      [{ status: 'active' }, { status: 'past_due' }],
      [{}, { items: { data: [{ price: { id: 'price_2' } }] } }],
    ];
    for (const pair of differing.flatMap((two) => [two, two.toReversed()])) {
      // oxlint-disable-next-line no-await-in-loop
      const { customer, sub } = await linked();
      const [first, second] = pair.map((more) => subscription(sub, customer, more));
      const asks = async (object: object | undefined): Promise<boolean> => {
        await say(object ?? {}, now());
        const { rows } = await owner.query<{ asks: boolean }>(
          'select checked_at is null as asks from billing.customer where customer_id = $1',
          [customer],
        );
        return rows[0]?.asks === true;
      };
      // oxlint-disable-next-line no-await-in-loop
      assert.deepEqual([await asks(first), await asks(first), await asks(second)], [false, false, true]);
    }
  });
});
