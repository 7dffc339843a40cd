import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { openReceiver, openWebhooks, type Receiver, type WebhookFixture } from '../../../test/webhooks.ts';
import { deliverWebhooks, listDeliveries } from './index.ts';

let fixture: Fixture;
let receiver: Receiver;
let webhooks: WebhookFixture;
before(async () => {
  fixture = await openFixture();
  receiver = await openReceiver();
  // Nothing is opened by the installation: what leads to this machine is what an operator opened.
  webhooks = openWebhooks(fixture, []);
});
after(async () => {
  await Promise.all([receiver.close(), webhooks.close()]);
  await fixture.close();
});

it('EDG-7 what an operator opened for a tenant, that tenant’s webhooks reach, and nobody else’s', async () => {
  const [mine, theirs] = [await fixture.person(), await fixture.person()];
  await assert.rejects(webhooks.endpoint(mine, receiver), refusal('endpoint_address_refused'));
  const owner = await fixture.connect('owner');
  const { rows } = await owner.query<{ id: string }>(
    `select edge.open_private_target($1, '127.0.0.1/32', $2, 'a relay of theirs') as id`,
    [mine.tenantId, [receiver.port]],
  );
  await webhooks.endpoint(mine, receiver);
  await assert.rejects(webhooks.endpoint(theirs, receiver), refusal('endpoint_address_refused'));
  await webhooks.emit(mine);
  const { signal } = new AbortController();
  await deliverWebhooks(webhooks.delivery(), signal);
  assert.equal(receiver.arrivals.length, 1);
  // Closed again, the very next call stays inside.
  await owner.query(`select edge.close_private_target($1, 'the relay moved away')`, [rows[0]?.id]);
  await webhooks.emit(mine);
  await deliverWebhooks(webhooks.delivery(), signal);
  assert.equal(receiver.arrivals.length, 1);
  const [delivery] = (await listDeliveries(mine.session, { limit: 1 })).deliveries;
  assert.deepEqual([delivery?.state, delivery?.error], ['pending', 'url_refused']);
});
