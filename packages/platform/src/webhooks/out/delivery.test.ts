import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import {
  openReceiver,
  openWebhooks,
  status,
  verify,
  type Receiver,
  type WebhookFixture,
} from '../../../test/webhooks.ts';
import {
  changeEndpoint,
  deliverWebhooks,
  lease,
  listAttempts,
  listDeliveries,
  listEndpoints,
  maximumAttempts,
  purgeWebhooks,
  removeEndpoint,
  replay,
  retryWaits,
  rotateSecret,
  sendTest,
  type Delivery,
} from './index.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('webhooks sent (EDG-6)', () => {
  let fixture: Fixture;
  let receiver: Receiver;
  let other: Receiver;
  let webhooks: WebhookFixture;
  let owner: Person;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    [receiver, other] = [await openReceiver(), await openReceiver()];
    webhooks = openWebhooks(fixture, [receiver, other]);
    superuser = await fixture.connect('superuser');
  });
  beforeEach(async () => {
    await superuser.query('truncate webhooks.event, webhooks.delivery, webhooks.attempt');
    owner = await fixture.person();
    for (const one of [receiver, other]) {
      one.arrivals.length = 0;
      one.answer(status(200));
    }
  });
  after(async () => {
    await Promise.all([receiver.close(), other.close(), webhooks.close()]);
    await fixture.close();
  });

  const verified = (secret: string): unknown => {
    const arrival = receiver.arrivals.at(-1);
    assert.ok(arrival);
    return verify(secret, arrival, fixture.identity.clock);
  };
  const listed = async (person: Person = owner): Promise<Delivery[]> =>
    (await listDeliveries(person.session, { limit: 100 })).deliveries;
  const standing = async (): Promise<string[]> =>
    (await listed()).map(({ state, error }) => `${state} ${String(error)}`);
  const again = (options: object) =>
    replay({ session: owner.session, clock: fixture.identity.clock }, options as never);

  it('are signed so that the official library accepts them, and carry what happened', async () => {
    const { secret, endpointId } = await webhooks.endpoint(owner, receiver);
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(await webhooks.emit(owner), 1);
    await webhooks.deliver();
    const event = verified(secret) as { type: string; timestamp: string; data: object };
    assert.deepEqual([event.type, event.data], ['shop.order.placed', { number: '7' }]);
    assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const [delivery] = await listed();
    const headers = receiver.arrivals[0]?.headers ?? {};
    assert.equal(headers['webhook-id'], `evt_${delivery?.eventId}`);
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(
      [delivery?.state, delivery?.status, delivery?.attempts, delivery?.endpointId],
      ['delivered', 200, 1, endpointId],
    );
  });

  it('refuse to verify once a bit of them is changed', async () => {
    const { secret } = await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    await webhooks.deliver();
    const arrival = receiver.arrivals[0];
    assert.ok(arrival);
    arrival.body = arrival.body.replace('"7"', '"8"');
    assert.throws(() => verified(secret), { message: 'No matching signature found' });
  });

  it('come exactly when the transaction commits, and not when it does not', async () => {
    await webhooks.endpoint(owner, receiver);
    const app = await fixture.connect('app');
    const context = fixture.database.sealer.seal({
      tenant: owner.tenantId,
      actor: { kind: 'account', id: owner.accountId },
    });
    for (const end of ['rollback', 'commit']) {
      // oxlint-disable no-await-in-loop -- one after the other
      await app.query('begin');
      await app.query(`select set_config('bulkhead.context', $1, true)`, [context]);
      await app.query(`select webhooks.emit('shop.order.placed', null, '{}')`);
      await webhooks.deliver();
      assert.equal(receiver.arrivals.length, 0);
      await app.query(end);
      await webhooks.deliver();
      assert.equal(receiver.arrivals.length, end === 'commit' ? 1 : 0);
      // oxlint-enable no-await-in-loop
    }
  });

  it('go to the endpoints that listen to them; where none does, nothing is kept', async () => {
    assert.equal(await webhooks.emit(owner), 0);
    await webhooks.endpoint(owner, receiver, { eventTypes: ['shop.order.cancelled'] });
    await webhooks.endpoint(owner, other);
    assert.equal(await webhooks.emit(owner), 1);
    assert.equal(await webhooks.emit(owner, 'shop.order.cancelled'), 2);
    await webhooks.deliver();
    assert.deepEqual([receiver.arrivals.length, other.arrivals.length], [1, 2]);
    const kept = await superuser.query('select from webhooks.event where tenant_id = $1', [owner.tenantId]);
    assert.equal(kept.rowCount, 2);
  });

  it('carry two signatures while a secret is rotated, then one', async () => {
    const { endpointId, secret: old } = await webhooks.endpoint(owner, receiver);
    const { secret: fresh } = await rotateSecret(webhooks.dependencies(owner), endpointId, 24);
    assert.notEqual(fresh, old);
    await webhooks.emit(owner);
    await webhooks.deliver();
    assert.equal(receiver.arrivals[0]?.headers['webhook-signature']?.split(' ').length, 2);
    verified(old);
    verified(fresh);
    // A second rotation within the overlap ends the oldest at once.
    const { secret: third } = await rotateSecret(webhooks.dependencies(owner), endpointId, 1);
    await webhooks.emit(owner);
    await webhooks.deliver();
    assert.throws(() => verified(old));
    verified(fresh);
    verified(third);
    fixture.advance(hour);
    await webhooks.emit(owner);
    await webhooks.deliver();
    assert.throws(() => verified(fresh));
    verified(third);
    assert.equal(receiver.arrivals.at(-1)?.headers['webhook-signature']?.includes(' '), false);
  });

  it('are tried again after each wait of the table, under the same id, and then given up', async () => {
    const { secret, endpointId } = await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    receiver.answer(status(500));
    for (const wait of retryWaits) {
      // oxlint-disable no-await-in-loop -- each wait begins when the one before is over
      await webhooks.deliver();
      fixture.advance(wait - 1);
      const before = receiver.arrivals.length;
      await webhooks.deliver();
      assert.equal(receiver.arrivals.length, before);
      fixture.advance(1);
      // oxlint-enable no-await-in-loop
    }
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, maximumAttempts);
    assert.equal(new Set(receiver.arrivals.map(({ headers }) => headers['webhook-id'])).size, 1);
    verified(secret);
    assert.deepEqual(await standing(), ['dead status_500']);
    const [delivery] = await listed();
    const attempts = await listAttempts(owner.session, delivery?.id ?? '');
    assert.deepEqual(
      attempts.map(({ number, status: answered }) => [number, answered]),
      Array.from({ length: maximumAttempts }, (_, index) => [index + 1, 500]),
    );
    const total = retryWaits.reduce((sum, wait) => sum + wait, 0);
    assert.ok(total > 2.9 * day && total < 3.1 * day);
    const [endpoint] = await listEndpoints(owner.session);
    assert.deepEqual([endpoint?.id, endpoint?.disabledReason], [endpointId, 'failing']);
  });

  it('leave an endpoint on that took something else meanwhile', async () => {
    await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    const eventId = (await listed())[0]?.eventId;
    receiver.answer((response, { headers }) =>
      status(headers['webhook-id'] === `evt_${eventId}` ? 500 : 200)(response),
    );
    await webhooks.deliver();
    await webhooks.emit(owner);
    for (const wait of [0, ...retryWaits]) {
      fixture.advance(wait);
      // oxlint-disable-next-line no-await-in-loop -- one wait after the other
      await webhooks.deliver();
    }
    const [endpoint] = await listEndpoints(owner.session);
    assert.deepEqual([endpoint?.disabledReason, endpoint?.dead], [null, 1]);
  });

  it('wait as long as a busy receiver asks, a day at most', async () => {
    await webhooks.endpoint(owner, receiver);
    receiver.answer(
      status(503, { 'retry-after': '7200' }),
      status(429, { 'retry-after': '999999999' }),
      status(200),
    );
    await webhooks.emit(owner);
    await webhooks.deliver();
    fixture.advance(2 * hour - 1);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 1);
    fixture.advance(1);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 2);
    fixture.advance(day);
    await webhooks.deliver();
    assert.deepEqual(await standing(), ['delivered null']);
  });

  it('follow no redirect, and count it as a failure', async () => {
    await webhooks.endpoint(owner, receiver);
    receiver.answer(status(307, { location: `http://hooks.example.com:${other.port}/` }));
    await webhooks.emit(owner);
    await webhooks.deliver();
    assert.equal(other.arrivals.length, 0);
    assert.deepEqual(await standing(), ['pending status_307']);
  });

  it('end at once at an endpoint that says it is gone', async () => {
    await webhooks.endpoint(owner, receiver);
    receiver.answer(status(410));
    await webhooks.emit(owner);
    await webhooks.deliver();
    const [endpoint] = await listEndpoints(owner.session);
    assert.deepEqual([endpoint?.disabledReason, await standing()], ['gone', ['dead status_410']]);
  });

  it('are held while an endpoint is off, and sent again by whoever switches it on', async () => {
    const { endpointId } = await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    await changeEndpoint(webhooks.dependencies(owner), endpointId, { enabled: false });
    assert.equal(await webhooks.emit(owner), 1);
    await webhooks.deliver();
    assert.deepEqual(await standing(), ['held endpoint_disabled', 'held endpoint_disabled']);
    assert.equal(receiver.arrivals.length, 0);
    await assert.rejects(again({ endpointId }), refusal('endpoint_disabled'));
    await assert.rejects(sendTest(owner.session, endpointId), refusal('endpoint_disabled'));
    await changeEndpoint(webhooks.dependencies(owner), endpointId, { enabled: true });
    assert.equal(await again({ endpointId }), 2);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 2);
  });

  it('can be sent again, one or those of a time, under their id', async () => {
    const { endpointId } = await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    await webhooks.emit(owner);
    await webhooks.deliver();
    const [newest] = await listed();
    assert.equal(await again({ endpointId, deliveryId: newest?.id }), 1);
    await assert.rejects(again({ endpointId, deliveryId: newest?.id }), refusal('delivery_missing'));
    await webhooks.deliver();
    assert.equal(receiver.arrivals.at(-1)?.headers['webhook-id'], `evt_${newest?.eventId}`);
    assert.deepEqual((await listed())[0]?.replays, 1);
    const since = new Date(Date.now() - hour);
    assert.equal(await again({ endpointId, since, states: ['delivered'] }), 2);
    assert.equal(await again({ endpointId, until: since, states: ['delivered'] }), 0);
    const { rows } = await owner.session.query<{ detail: { deliveries: number } }>(
      `select detail from bulkhead.audit_log where action = 'webhook.replay' order by id`,
    );
    assert.deepEqual(
      rows.map(({ detail }) => detail.deliveries),
      [1, 0, 2, 0],
    );
  });

  it('never go to an endpoint that was removed', async () => {
    const { endpointId } = await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    await removeEndpoint(webhooks.dependencies(owner), endpointId);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 0);
    assert.deepEqual([await listEndpoints(owner.session), await listed()], [[], []]);
    const secrets = await superuser.query('select from webhooks.endpoint_secret where endpoint_id = $1', [
      endpointId,
    ]);
    assert.equal(secrets.rowCount, 0);
  });

  it('are tried out with an event of their own', async () => {
    const { endpointId, secret } = await webhooks.endpoint(owner, receiver, {
      eventTypes: ['shop.order.cancelled'],
    });
    const deliveryId = await sendTest(owner.session, endpointId);
    await webhooks.deliver();
    const event = verified(secret) as { type: string; data: object };
    assert.deepEqual([event.type, event.data], ['webhooks.test', { endpointId }]);
    assert.equal((await listed())[0]?.id, deliveryId);
  });

  it('are sent by one of several servers, and by another a minute after that one died', async () => {
    await webhooks.endpoint(owner, receiver);
    for (let index = 0; index < 20; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- twenty events, one after the other
      await webhooks.emit(owner);
    }
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 4 }, () => deliverWebhooks(webhooks.delivery(), signal)));
    const ids = receiver.arrivals.map(({ headers }) => headers['webhook-id']);
    assert.deepEqual([ids.length, new Set(ids).size], [20, 20]);
    await webhooks.emit(owner);
    const { rows } = await webhooks.worker.query(
      'select * from webhooks.claim_deliveries($1, $2, 1, false)',
      [new Date(fixture.identity.clock()), new Date(fixture.identity.clock() + lease)],
    );
    assert.equal(rows.length, 1);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 20);
    fixture.advance(lease);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 21);
  });

  it('that another server sent meanwhile are not undone by one that was thought dead', async () => {
    await webhooks.endpoint(owner, receiver);
    receiver.answer((response) => {
      // While the first server waits for this answer, its lease runs out and a second one takes over.
      fixture.advance(lease);
      receiver.answer(status(200));
      void webhooks.deliver().then(() => status(500)(response));
    });
    await webhooks.emit(owner);
    await webhooks.deliver();
    assert.equal(receiver.arrivals.length, 2);
    assert.deepEqual(await standing(), ['delivered null']);
  });

  it('keep a log for 30 days, and what waits for as long as it waits', async () => {
    await webhooks.endpoint(owner, receiver);
    await webhooks.emit(owner);
    await webhooks.deliver();
    receiver.answer(status(500));
    await webhooks.emit(owner);
    await webhooks.deliver();
    fixture.advance(30 * day + 1);
    await purgeWebhooks({ pool: webhooks.worker, clock: fixture.identity.clock });
    assert.deepEqual(await standing(), ['pending status_500']);
    const left = await superuser.query(
      `select (select count(*)::int from webhooks.event where tenant_id = $1) as events,
         (select count(*)::int from webhooks.attempt where tenant_id = $1) as attempts`,
      [owner.tenantId],
    );
    assert.deepEqual(left.rows, [{ events: 1, attempts: 1 }]);
  });
});
