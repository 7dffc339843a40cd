import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import type * as slice from './index.ts';
import { openFixture, type Fixture, type Person } from '../../test/fixture.ts';
import { withMutant, type Mutation } from '../../test/mutant.ts';
import { openReceiving, type Receiving } from '../../test/receiving.ts';
import { inTransaction } from '../transaction.ts';
import { billingHandlerOf, readStanding, type BillingDependencies } from './index.ts';

let ids = 0;
const fresh = (prefix: string): string => `${prefix}_${(ids += 1)}`;

describe('each control of billing is what stops its attack', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let owner: pg.Client;
  let billing: BillingDependencies;
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    owner = await fixture.connect('owner');
    await owner.query(`select billing.set_price('price_1', 'business'), tenants.set_default_tier('free')`);
    billing = { sealer: fixture.database.sealer, clock: fixture.identity.clock, graceDays: 7 };
  });
  after(async () => {
    await receiving.close();
    await fixture.close();
  });

  type Said = { type: string; object: object; created?: number; account?: string };
  const hear = async (said: Said, handlerOf: typeof billingHandlerOf = billingHandlerOf): Promise<void> => {
    const { type, object, created = 1_700_000_000, ...rest } = said;
    const event = {
      id: randomUUID(),
      sourceId: randomUUID(),
      eventId: fresh('evt'),
      type,
      receivedAt: new Date(),
    };
    const payload = { id: event.eventId, type, created, ...rest, data: { object } };
    await inTransaction(receiving.worker, async (client) =>
      handlerOf(billing, type)?.({ ...event, payload }, client),
    );
  };
  const subscription = (id: string, customer: string, status = 'active'): object => ({
    id,
    customer,
    status,
    items: { data: [{ price: { id: 'price_1' } }] },
  });
  const linked = async (person: Person): Promise<string> => {
    const customer = fresh('cus');
    await owner.query('select billing.link_customer($1, $2, now())', [person.tenantId, customer]);
    return customer;
  };
  /** A checkout of a tenant's, in the name of whoever is said to have opened it: by default this service. */
  const opened = (
    { tenantId, accountId }: Person,
    session: string,
    kind: 'service' | 'account' = 'service',
  ) =>
    fixture.identity.pool.query('select billing.open_checkout($1, $2, $3, now())', [
      fixture.database.sealer.seal({ tenant: tenantId, actor: { kind, id: accountId } }),
      session,
      'business',
    ]);
  const tierOf = async ({ session }: Person): Promise<string> => (await readStanding(session)).tier.name;
  const without = async (
    signature: string,
    { check, put }: { check: string; put: string },
    attack: () => Promise<boolean>,
  ): Promise<void> => {
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const sound = rows[0]?.definition ?? '';
    assert.ok(sound.includes(check), `${signature} holds: ${check}`);
    assert.equal(await attack(), false, 'the control holds');
    await owner.query(sound.replace(check, put));
    try {
      assert.equal(await attack(), true, 'without it the attack comes through');
    } finally {
      await owner.query(sound);
    }
    assert.equal(await attack(), false, 'the control is back');
  };

  it('the look at whose account an event is of: a connected account gives itself a tier', async () => {
    const attack = async (handlerOf: typeof billingHandlerOf): Promise<boolean> => {
      const person = await fixture.person();
      const object = subscription(fresh('sub'), await linked(person));
      await hear({ type: 'customer.subscription.created', object, account: 'acct_foreign' }, handlerOf);
      return (await tierOf(person)) === 'business';
    };
    assert.equal(await attack(billingHandlerOf), false);
    const mutation: Mutation = {
      file: 'billing/event.ts',
      from: 'if (account !== undefined && account !== null) return undefined;',
      to: '',
    };
    await withMutant<typeof slice, void>(mutation, 'billing/index.ts', async (mutant) => {
      assert.equal(await attack(mutant.billingHandlerOf), true);
    });
  });

  it('the later statement stands: an old one, sent again, revives what has ended', () =>
    without(
      'billing.note_subscription(jsonb)',
      {
        check: 'where s.customer_id = excluded.customer_id\n      and',
        put: 'where s.customer_id = excluded.customer_id or',
      },
      async () => {
        const person = await fixture.person();
        const [customer, sub] = [await linked(person), fresh('sub')];
        const active = { type: 'customer.subscription.created', object: subscription(sub, customer) };
        await hear(active);
        const ended = subscription(sub, customer, 'canceled');
        await hear({ type: 'customer.subscription.deleted', object: ended, created: 1_700_000_100 });
        await hear(active);
        return (await tierOf(person)) === 'business';
      },
    ));

  it('one customer, one tenant: a checkout of one’s own takes over what another pays', () =>
    without(
      'billing.complete_checkout(text,text,timestamp with time zone)',
      {
        check: 'on conflict do nothing',
        put: 'on conflict (customer_id) do update set tenant_id = excluded.tenant_id',
      },
      async () => {
        const [victim, attacker] = [await fixture.person(), await fixture.person()];
        const [customer, session] = [await linked(victim), fresh('cs')];
        await hear({ type: 'customer.subscription.created', object: subscription(fresh('sub'), customer) });
        await opened(attacker, session);
        await hear({
          type: 'checkout.session.completed',
          object: { id: session, mode: 'subscription', customer },
        });
        return (await tierOf(attacker)) === 'business';
      },
    ));

  it('the service alone says that it opened a checkout: one of somebody else’s is claimed before it is paid', () =>
    without(
      'billing.open_checkout(text,text,text,timestamp with time zone)',
      { check: `kind not in ('service', 'job')`, put: 'false' },
      async () => {
        const [attacker, customer, session] = [await fixture.person(), fresh('cus'), fresh('cs')];
        await opened(attacker, session, 'account').catch((error: pg.DatabaseError) =>
          assert.deepEqual([error.code, error.constraint], ['42501', 'checkout_opener']),
        );
        await hear({ type: 'customer.subscription.created', object: subscription(fresh('sub'), customer) });
        await hear({
          type: 'checkout.session.completed',
          object: { id: session, mode: 'subscription', customer },
        });
        return (await tierOf(attacker)) === 'business';
      },
    ));

  it('a checkout says who a customer is once: a second one with it takes the link', () =>
    without(
      'billing.complete_checkout(text,text,timestamp with time zone)',
      { check: 'c.session_id = session and c.completed_at is null', put: 'c.session_id = session' },
      async () => {
        const person = await fixture.person();
        const session = fresh('cs');
        await opened(person, session);
        const paid = async (customer: string): Promise<void> => {
          await hear({
            type: 'checkout.session.completed',
            object: { id: session, mode: 'subscription', customer },
          });
        };
        const taken = await linked(await fixture.person());
        await paid(taken);
        const own = fresh('cus');
        await paid(own);
        const { rows } = await owner.query('select from billing.customer c where c.customer_id = $1', [own]);
        return rows.length === 1;
      },
    ));

  it('since when it is past due: whoever never pays keeps the tier for as long as it is said again', () =>
    without(
      'billing.entitlements(uuid,timestamp with time zone,interval)',
      { check: 'coalesce(s.past_due_as_of[1], s.as_of)', put: 's.as_of' },
      async () => {
        const person = await fixture.person();
        const [customer, sub] = [await linked(person), fresh('sub')];
        const today = Math.floor(fixture.identity.clock() / 1000);
        const told = {
          type: 'customer.subscription.updated',
          object: subscription(sub, customer, 'past_due'),
        };
        await hear({ ...told, created: today - 30 * 86_400 });
        await hear({ ...told, created: today });
        return (await tierOf(person)) === 'business';
      },
    ));

  it('is out of the reach of a tenant’s own requests, even with SQL injected into them (ISO-5)', async () => {
    const [person, other] = [await fixture.person(), await fixture.person()];
    const customer = await linked(other);
    for (const text of [
      `select billing.assess('x', now(), '1 day')`,
      `select billing.note_subscription('{}')`,
      `select billing.open_checkout(current_setting('bulkhead.context'), 'cs_of_somebody', 'enterprise', now())`,
      `select billing.complete_checkout('cs_1', '${customer}', now())`,
      `select billing.link_customer('${person.tenantId}', '${customer}', now())`,
      `select * from billing.customer`,
      `update billing.standing set tier = 'enterprise'`,
      `insert into billing.price values ('price_mine', 'enterprise')`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(person.session.query(text), { sqlstate: '42501' }, text);
    }
    const { rows } = await person.session.query('select * from billing.standing');
    assert.deepEqual(rows, []);
  });
});
