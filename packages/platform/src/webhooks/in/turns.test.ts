import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TenantTransaction } from '@bulkhead/kernel';
import Stripe from 'stripe';
import { openFixture, type Fixture, type Person } from '../../../test/fixture.ts';
import { billingSecret, openReceiving, signed, type Receiving } from '../../../test/receiving.ts';
import { processEvents, replayEvents, type WebhookHandler } from './index.ts';

type Source = { id: string; secret: string };

describe('no tenant’s events make another’s wait (EDG-5)', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let [loud, quiet]: Person[] = [];
  let sources: { loud: Source; quiet: Source };
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
    [loud, quiet] = [await fixture.person(), await fixture.person()];
    sources = { loud: await receiving.source(loud), quiet: await receiving.source(quiet) };
  });
  after(async () => {
    await receiving.close();
    await fixture.close();
  });

  const put = async ({ id, secret }: Source, eventId: string, type = 'order.paid'): Promise<void> => {
    const body = JSON.stringify({ type });
    const headers = signed(secret, { id: eventId, at: fixture.identity.clock(), body });
    assert.equal((await receiving.send(id, headers, body)).status, 200);
  };
  const putMany = (source: Source, prefix: string, type?: string): Promise<unknown> =>
    Promise.all(Array.from({ length: 100 }, (_, index) => put(source, `${prefix}_${index}`, type)));
  const putBilling = async (id: string): Promise<void> => {
    const payload = JSON.stringify({ id, type: 'invoice.paid' });
    const timestamp = Math.floor(fixture.identity.clock() / 1000);
    const header = new Stripe('sk_test_1').webhooks.generateTestHeaderString({
      payload,
      secret: billingSecret,
      timestamp,
    });
    assert.equal((await receiving.send('billing', { 'stripe-signature': header }, payload)).status, 200);
  };
  /** What is processed, in the order in which it is begun. */
  const listening = () => {
    const seen: string[] = [];
    const note = ({ eventId }: { eventId: string }): Promise<void> => {
      seen.push(eventId);
      return Promise.resolve();
    };
    const of = { 'order.paid': [note], 'nobody.listens': [note] };
    return { seen, processing: receiving.processing({ of, service: () => note }) };
  };
  const drain = async (processing: ReturnType<typeof listening>['processing']): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop
    while ((await processEvents(processing)) === 'again');
  };

  it('EDG-5: a flood that came before delays another tenant’s event by a few, and billing’s by none', async () => {
    await putMany(sources.loud, 'flood');
    fixture.advance(1000);
    await put(sources.quiet, 'quiet_1');
    await putBilling('evt_turn_1');
    const { seen, processing } = listening();
    await processEvents(processing);
    assert.ok(seen.includes('quiet_1') && seen.includes('evt_turn_1'), seen.join());
    assert.equal(seen.length, 4 + 1 + 1);
    await drain(processing);
    assert.equal(new Set(seen).size, 102);
    assert.equal(seen.length, 102);
  });

  it('EDG-5 mutation: without the turns whoever came first is served until nothing is left', async () => {
    const owning = await fixture.connect('owner');
    const { rows } = await owning.query<{ definition: string }>(
      `select pg_get_functiondef('webhooks.claim_events(timestamptz, interval, integer, boolean)'::regprocedure) as definition`,
    );
    const sound = rows[0]?.definition ?? '';
    assert.ok(sound.includes('order by c.turn,') && sound.includes('next_attempt_at limit 4'));
    await putMany(sources.loud, 'unfair');
    fixture.advance(1000);
    await put(sources.quiet, 'quiet_unfair');
    const { seen, processing } = listening();
    const unfair = sound.replace('order by c.turn,', 'order by').replace('limit 4', 'limit 1000');
    await owning.query(unfair);
    try {
      await processEvents(processing);
    } finally {
      await owning.query(sound);
    }
    assert.ok(!seen.includes('quiet_unfair'));
    await drain(processing);
  });

  it('EDG-5: what another server is at counts, so that two servers give a tenant no more turns', async () => {
    await putMany(sources.loud, 'two');
    const claimed = await receiving.worker.query<{ tenant_id: string }>(
      `select tenant_id from webhooks.claim_events($1, '2 minutes', 16, false)`,
      [new Date(fixture.identity.clock())],
    );
    assert.equal(claimed.rows.length, 4);
    await put(sources.quiet, 'quiet_2');
    const [first] = (
      await receiving.worker.query<{ tenant_id: string }>(
        `select tenant_id from webhooks.claim_events($1, '2 minutes', 1, false)`,
        [new Date(fixture.identity.clock())],
      )
    ).rows;
    assert.equal(first?.tenant_id, quiet?.tenantId);
    fixture.advance(3 * 60_000);
    const { seen, processing } = listening();
    await drain(processing);
    assert.equal(seen.length, 101);
  });

  it('EDG-5: events processed anew with an early time do not come before another tenant’s', async () => {
    assert.ok(loud !== undefined);
    await putMany(sources.loud, 'again', 'nobody.hears');
    await drain(listening().processing);
    fixture.advance(1000);
    await put(sources.quiet, 'quiet_3');
    // As SQL injected into a request of that tenant's would.
    await loud.session.query(
      `select webhooks.replay_events((select array_agg(id) from webhooks.received_events('ignored', 500)), '-infinity')`,
    );
    const { rows } = await (
      await fixture.connect('superuser')
    ).query<{ early: string }>(
      `select count(*) as early from webhooks.received_event where state = 'waiting' and next_attempt_at < received_at`,
    );
    assert.equal(rows[0]?.early, '0');
    const { seen, processing } = listening();
    await processEvents(processing);
    assert.deepEqual(seen, ['quiet_3']);
    await drain(processing);
    assert.equal(await replayEvents({ ...receiving.managing(loud) }, { events: 'failed' }), 0);
  });

  it('EDG-5: a handler that hangs for one tenant holds up no other', async () => {
    const held = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const handler: WebhookHandler<TenantTransaction> = async (_event, { tenant }) => {
      if (tenant === loud?.tenantId) await held.promise;
      else done.resolve();
    };
    await put(sources.loud, 'hang');
    fixture.advance(1000);
    await put(sources.quiet, 'quiet_4');
    const running = processEvents(receiving.processing({ of: { 'order.paid': [handler] } }));
    // Handlers one after another would never come to this.
    await done.promise;
    held.resolve();
    assert.equal(await running, 'again');
  });
});
