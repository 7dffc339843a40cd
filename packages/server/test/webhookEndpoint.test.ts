import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { eventually } from '../../../test/harness/eventually.ts';
import { openReceiver, status, verify, type Receiver } from '../../platform/test/webhooks.ts';
import { join, openServer, send, signUp } from './fixture.ts';
import type { Call, Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const events = {
  'widget.made': { description: 'A widget was made.', schema: z.object({ id: z.uuid(), name: z.string() }) },
};
const module = { ...widgetsModule().module, events };
let fixture: Fixture;
let receiver: Receiver;
let owner: Person;
let later = 0;
before(async () => {
  receiver = await openReceiver();
  const outbound = {
    http: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    privateTargets: [{ range: '127.0.0.1/32', ports: [receiver.port] }],
  };
  fixture = await openServer([module], {
    server: { webhooks: { outbound }, clock: () => Date.now() + later },
  });
  owner = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
  await receiver.close();
});

const call = (path: string, options: Call = {}, person: Person = owner) =>
  send(fixture.url, `/api${path}`, { cookie: person.cookie, tenant: person.tenant, ...options });
const address = (path = '/hooks') => `http://hooks.example.com:${receiver.port}${path}`;

async function add(person: Person = owner, more: object = {}) {
  const answer = await call('/webhook-endpoints', { json: { url: address(), ...more } }, person);
  assert.equal(answer.status, 201, answer.text);
  return answer.json as { id: string; secret: string };
}

test('EDG-6 an endpoint is added, tried out by the server’s own duty, and verified by the official library', async () => {
  const { id, secret } = await add();
  const listed = await call('/webhook-endpoints');
  assert.ok(!listed.text.includes(secret) && listed.text.includes(id));
  const { deliveryId } = (await call(`/webhook-endpoints/${id}/test`, { json: {} })).json;
  const [arrival] = await eventually(
    () => Promise.resolve(receiver.arrivals.length > 0 ? receiver.arrivals : undefined),
    { what: 'the test event' },
  );
  assert.ok(arrival);
  assert.deepEqual((verify(secret, arrival) as { type: string }).type, 'webhooks.test');
  const done = await eventually(
    async () => {
      const { deliveries } = (await call('/webhook-deliveries')).json as {
        deliveries: { id: string; state: string }[];
      };
      return deliveries[0]?.state === 'delivered' ? deliveries[0] : undefined;
    },
    { what: 'the delivery' },
  );
  assert.equal(done.id, deliveryId);
  const { attempts } = (await call(`/webhook-deliveries/${String(deliveryId)}/attempts`)).json;
  assert.equal((attempts as { status: number }[])[0]?.status, 200);
});

test('EDG-6 replaying, switching off and on, choosing events, and removing', async () => {
  const person = await signUp(fixture.url);
  const { id } = await add(person, { eventTypes: ['widgets.widget.made'] });
  const change = async (json: object) =>
    (await call(`/webhook-endpoints/${id}`, { method: 'PATCH', json }, person)).json;
  assert.equal((await change({ enabled: false }))['disabledReason'], 'person');
  const refused = await call(`/webhook-endpoints/${id}/replay`, { json: {} }, person);
  assert.deepEqual([refused.status, refused.json['code']], [409, 'endpoint_disabled']);
  assert.equal((await change({ enabled: true, description: 'Store' }))['disabledReason'], null);
  const { json: replayed } = await call(`/webhook-endpoints/${id}/replay`, { json: {} }, person);
  assert.deepEqual(replayed, { queued: 0 });
  assert.deepEqual((await change({ eventTypes: null }))['eventTypes'], null);
  const unknown = await call(
    `/webhook-endpoints/${id}`,
    { method: 'PATCH', json: { eventTypes: ['a.b'] } },
    person,
  );
  assert.deepEqual([unknown.status, unknown.json['code']], [400, 'input_invalid']);
  assert.equal((await call(`/webhook-endpoints/${id}`, { method: 'DELETE' }, person)).status, 200);
  assert.equal((await call(`/webhook-endpoints/${id}`, { method: 'DELETE' }, person)).status, 404);
});

test('EDG-7 an endpoint cannot lead into the network the server runs in', async () => {
  for (const url of [
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://user:secret@hooks.example.com/',
    'http://hooks.example.com/',
    'https://hooks.example.com:22/',
    'ftp://hooks.example.com/',
    'javascript:alert(1)',
    'hooks.example.com',
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, for a clear failure
    const answer = await call('/webhook-endpoints', { json: { url } });
    assert.deepEqual([answer.status, answer.json['code']], [400, 'endpoint_address_refused'], url);
  }
});

test('EDG-6 another tenant, a plain member and a program are told nothing and change nothing', async () => {
  const { id } = await add();
  const stranger = await signUp(fixture.url);
  const member = await signUp(fixture.url);
  await join(fixture, { host: owner, person: member, role: 'member' });
  const made = await call('/api-keys', {
    json: { name: 'Sender', permissions: ['webhooks:endpoint.read', 'webhooks:endpoint.change'] },
  });
  const key: Call = { cookie: undefined, headers: { authorization: `Bearer ${String(made.json['token'])}` } };
  const paths: [string, Call][] = [
    [`/webhook-endpoints/${id}`, { method: 'PATCH', json: { enabled: false } }],
    [`/webhook-endpoints/${id}/rotate-secret`, { json: {} }],
    [`/webhook-endpoints/${id}/test`, { json: {} }],
    [`/webhook-endpoints/${id}/replay`, { json: {} }],
    [`/webhook-endpoints/${id}`, { method: 'DELETE' }],
  ];
  for (const [path, options] of paths) {
    // oxlint-disable no-await-in-loop -- one at a time, for a clear failure
    assert.equal((await call(path, options, stranger)).status, 404, path);
    assert.equal((await call(path, options, { ...member, tenant: owner.tenant })).status, 403, path);
    assert.equal((await call(path, { ...options, ...key, headers: { ...key.headers } })).status, 403, path);
    // oxlint-enable no-await-in-loop
  }
  assert.deepEqual((await call('/webhook-endpoints', {}, stranger)).json, { endpoints: [] });
  assert.deepEqual((await call('/webhook-deliveries', {}, stranger)).json, { deliveries: [], next: null });
  const one = (await call('/webhook-deliveries')).json['deliveries'] as { id: string }[];
  const attempts = await call(`/webhook-deliveries/${one[0]?.id}/attempts`, {}, stranger);
  assert.deepEqual(attempts.json, { attempts: [] });
  assert.equal((await call('/webhook-endpoints', key)).status, 200);
});

test('EDG-6 a new secret and a new endpoint ask who is there once more', async () => {
  const { id, secret } = await add();
  const rotated = await call(`/webhook-endpoints/${id}/rotate-secret`, { json: { overlapHours: 1 } });
  assert.equal(rotated.status, 200);
  assert.notEqual(rotated.json['secret'], secret);
  later = 800_000;
  for (const path of ['/webhook-endpoints', `/webhook-endpoints/${id}/rotate-secret`]) {
    const json = path.endsWith('secret') ? {} : { url: address() };
    // oxlint-disable-next-line no-await-in-loop -- one at a time, for a clear failure
    const answer = await call(path, { json });
    assert.deepEqual([answer.status, answer.json['code']], [403, 'step_up_required'], path);
  }
  later = 0;
});

test('EDG-6 the delivery log shows the beginning of an answer with what is secret in it masked', async () => {
  const person = await signUp(fixture.url);
  const { id } = await add(person);
  receiver.answer(status(500, {}, `no: token=abcdef123456 for robin@example.org ${'x'.repeat(9000)}`));
  const { deliveryId } = (await call(`/webhook-endpoints/${id}/test`, { json: {} }, person)).json;
  const path = `/webhook-deliveries/${String(deliveryId)}/attempts`;
  const attempt = await eventually(
    async () => {
      const { attempts } = (await call(path, {}, person)).json as {
        attempts: { answer: string; error: string }[];
      };
      return attempts[0];
    },
    { what: 'the attempt' },
  );
  receiver.answer(status(200));
  assert.deepEqual(
    [attempt.answer, attempt.error],
    ['no: token=[secret] for [address] [opaque]', 'status_500'],
  );
});

test('EDG-6 the API’s document tells of every event with the fields of its data', async () => {
  const { json } = await send(fixture.url, '/api/openapi.json');
  const webhooks = json['webhooks'] as Record<string, { post: { requestBody: { content: object } } }>;
  assert.deepEqual(Object.keys(webhooks), ['webhooks.test', 'widgets.widget.made']);
  assert.match(JSON.stringify(webhooks['widgets.widget.made']), /"format":"uuid"/);
  const page = await send(fixture.url, '/api/docs');
  assert.match(page.text, /A widget was made\./);
  const { json: chosen } = await call('/webhook-events');
  assert.deepEqual(chosen, { events: [{ type: 'widgets.widget.made', description: 'A widget was made.' }] });
});
