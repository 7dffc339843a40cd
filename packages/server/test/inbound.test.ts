import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { eventually } from '../../../test/harness/eventually.ts';
import { testConfig } from '../../../test/harness/config.ts';
import { createTestDatabase } from '../../../test/harness/index.ts';
import { makePerson } from '../../../test/harness/people.ts';
import { createServer } from '../src/index.ts';
import {
  asRole,
  goodPassword,
  join,
  openServer,
  send,
  signUp,
  type Answer,
  type Fixture,
  type Person,
} from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = JSON.stringify({ type: 'widget.ordered', name: 'From a webhook' });

const signed = (text = body, { at = new Date(), id = 'msg_1' } = {}): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, at, text),
});

describe('the door for webhooks (EDG-5)', () => {
  let fixture: Fixture;
  let owner: Person;
  let source: string;
  before(async () => {
    fixture = await openServer([
      {
        ...widgetsModule().module,
        webhooks: {
          'widget.ordered': async ({ payload }, { transaction }) => {
            await transaction.query('insert into tenants.company (name) values ($1)', [payload['name']]);
          },
        },
      },
    ]);
    owner = await signUp(fixture.url);
    const made = await manage('/api/webhook-sources', { name: 'Shop', scheme: 'standard', secret });
    assert.equal(made.status, 201, fixture.log.slice(-3).join(''));
    source = String(made.json['id']);
    assert.equal(made.json['address'], `${fixture.url.replace('127.0.0.1', 'localhost')}/webhooks/${source}`);
    assert.equal(made.json['secret'], null);
  });
  after(() => fixture.close());

  const manage = (
    path: string,
    json?: unknown,
    { method, person = owner }: { method?: string | undefined; person?: Person } = {},
  ): Promise<Answer> => {
    const { cookie, tenant } = person;
    return send(fixture.url, path, { cookie, tenant, json, ...(method === undefined ? {} : { method }) });
  };
  /** As a program sends: no cookie, no Origin. */
  const post = async (
    to: string,
    headers: Record<string, string>,
    text: string | Uint8Array<ArrayBuffer> = body,
  ) => {
    const response = await fetch(`${fixture.url}/webhooks/${to}`, { method: 'POST', headers, body: text });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  it('answers 200 without a word once the event is stored, and the module acts on it in the tenant', async () => {
    const answer = await post(source, signed());
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal((await post(source, signed())).status, 200);
    const event = await eventually(
      async () => {
        const { json } = await manage('/api/webhook-sources/events?state=processed&limit=10');
        return (json['events'] as Record<string, unknown>[])[0];
      },
      { what: 'the event to be processed' },
    );
    assert.deepEqual([event['eventId'], event['state'], event['sourceName']], ['msg_1', 'processed', 'Shop']);
    const { json } = await manage('/api/companies');
    const names = (json['companies'] as { name: string }[]).map(({ name }) => name);
    assert.equal(names.filter((name) => name === 'From a webhook').length, 1);
  });

  it('answers 401 with an empty body and the same headers whatever is wrong (T-50, T-51)', async () => {
    const good = signed();
    const refusals: [string, Record<string, string>, string][] = [
      [source, {}, body],
      [source, { ...good, 'webhook-signature': 'v1,AAAA' }, body],
      [source, good, `${body} `],
      [source, signed(body, { at: new Date(Date.now() + 400_000) }), body],
      [source, signed(body, { at: new Date(Date.now() - 400_000) }), body],
      [source, signed('not json'), 'not json'],
      ['99999999-9999-4999-8999-999999999999', good, body],
      ['billing', good, body],
      ['..%2f..', good, body],
    ];
    const names = new Set<string>();
    for (const [to, headers, text] of refusals) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await post(to, headers, text);
      assert.deepEqual([answer.status, answer.text], [401, ''], `${to} ${JSON.stringify(headers)}`);
      names.add([...answer.headers.keys()].join());
    }
    assert.equal(names.size, 1);
    // Why is for the log alone.
    assert.ok(fixture.log.some((line) => line.includes('"code":"outside_window"')));
  });

  it('verifies the bytes as they came, whatever their type and spelling', async () => {
    const spelt = '{ "type" : "widget.seen",\n\t"name":"\\u0041" , "a":1.0e2, "a":2 }';
    for (const type of [
      'application/json',
      'text/plain',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      assert.equal(
        (await post(source, { ...signed(spelt, { id: 'msg_raw' }), 'content-type': type }, spelt)).status,
        200,
      );
    }
    const again = JSON.stringify(JSON.parse(spelt));
    assert.equal((await post(source, signed(spelt), again)).status, 401);
    assert.equal((await post(source, signed(''), '')).status, 401);
  });

  it('answers 413 past its own limit, before anything is verified', async () => {
    const large = `{"type":"x","fill":"${'x'.repeat(1024 * 1024)}"}`;
    const answer = await post(source, signed(large), large);
    assert.deepEqual([answer.status, answer.text], [413, '']);
    const largest = `{"type":"x","fill":"${'x'.repeat(1024 * 1024 - 22)}"}`;
    assert.equal(Buffer.byteLength(largest), 1024 * 1024);
    assert.equal((await post(source, signed(largest, { id: 'msg_large' }), largest)).status, 200);
  });

  it('takes no header that is sent twice, and no other method', async () => {
    const { hostname, port } = new URL(fixture.url);
    const good = signed();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = Object.entries(good).flat();
      const call = request(
        {
          hostname,
          port,
          method: 'POST',
          path: `/webhooks/${source}`,
          headers: ['host', 'x', 'content-length', String(body.length), ...headers, 'webhook-id', 'msg_1'],
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
    assert.equal(status, 401);
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      // oxlint-disable-next-line no-await-in-loop
      const response = await fetch(`${fixture.url}/webhooks/${source}`, { method, headers: good, body });
      assert.ok(response.status === 404 || response.status === 405, `${method} ${response.status}`);
    }
  });

  it('looks at no cookie: a signed-in browser’s request is verified like any other', async () => {
    const headers = { cookie: owner.cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    assert.equal((await post(source, headers)).status, 401);
    assert.equal((await post(source, { ...headers, ...signed() })).status, 200);
    const line = fixture.log.findLast((text) => text.includes('/webhooks/:source'));
    assert.ok(line !== undefined && !line.includes(owner.tenant));
  });

  it('keeps no card number that a program calls itself by (EDG-9)', async () => {
    const signedIn = await send(fixture.url, '/api/session', {
      headers: { 'user-agent': 'till/1 4242424242424242' },
      json: { email: owner.email, password: goodPassword },
    });
    assert.equal(signedIn.status, 200);
    const sessions = await send(fixture.url, '/api/sessions', { cookie: owner.cookie });
    assert.equal(sessions.status, 200);
    assert.ok(!JSON.stringify(sessions.json).includes('4242'));
  });

  it('keeps out card data with 422, neither stored nor logged (EDG-9)', async () => {
    const text = JSON.stringify({ type: 'x', note: '4242 4242 4242 4242' });
    const answer = await post(source, signed(text, { id: 'msg_card' }), text);
    assert.deepEqual([answer.status, answer.text], [422, '']);
    const refused = await manage('/api/companies', { name: 'Paid with 4242-4242-4242-4242' });
    assert.deepEqual([refused.status, refused.json['code']], [422, 'card_data_refused']);
    assert.deepEqual(refused.json['issues'], [
      { path: 'name', message: 'looks like the number of a payment card' },
    ]);
    const rpc = await manage('/rpc/company/create', { json: { name: '4242424242424242' } });
    assert.equal(rpc.status, 422);
    const spelt = '{"name": "\\u0034242424242424242"}';
    const escaped = await send(fixture.url, '/api/companies', {
      cookie: owner.cookie,
      tenant: owner.tenant,
      body: spelt,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(escaped.status, 422);
    assert.equal((await manage('/api/companies', { name: 'Company 4242424242424241' })).status, 201);
    assert.ok(!fixture.log.some((line) => line.replaceAll(/[ -]/g, '').includes('4242424242424242')));
    assert.ok(!JSON.stringify(refused.json).includes('4242'));
  });

  it('is managed by owners and admins of the tenant alone', async () => {
    const member = await signUp(fixture.url);
    await join(fixture, { host: owner, person: member, role: 'member' });
    const inTenant = { ...member, tenant: owner.tenant };
    for (const [path, json, method] of [
      ['/api/webhook-sources', undefined, 'GET'],
      ['/api/webhook-sources', { name: 'x', scheme: 'svix' }, 'POST'],
      [`/api/webhook-sources/${source}`, { name: 'x', enabled: false }, 'PATCH'],
      [`/api/webhook-sources/${source}/secrets`, {}, 'POST'],
      ['/api/webhook-sources/events/replay', { events: 'failed' }, 'POST'],
      ['/api/billing', undefined, 'GET'],
      ['/api/billing/checkout', { tier: 'business' }, 'POST'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await manage(path, json, { method, person: inTenant });
      assert.deepEqual([answer.status, answer.json['code']], [403, 'permission_refused'], path);
    }
    const stranger = await signUp(fixture.url);
    assert.equal(
      (await manage(`/api/webhook-sources/${source}`, undefined, { method: 'DELETE', person: stranger }))
        .status,
      404,
    );
  });

  it('makes, rotates and removes sources, showing a secret once', async () => {
    const settings = {
      signatureHeader: 'x-hub-signature-256',
      encoding: 'hex',
      prefix: 'sha256=',
      signed: '{body}',
    };
    const made = await manage('/api/webhook-sources', { name: 'Code host', scheme: 'generic', settings });
    const [id, shown] = [String(made.json['id']), String(made.json['secret'])];
    assert.match(shown, /^[0-9a-f]{64}$/);
    const sign = (key: string) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
    });
    assert.equal((await post(id, sign(shown))).status, 200);
    const rotated = await manage(`/api/webhook-sources/${id}/secrets`, { overlapHours: 1 });
    assert.notEqual(rotated.json['secret'], shown);
    const { json } = await manage('/api/webhook-sources');
    assert.ok(!JSON.stringify(json).includes(shown));
    const invalid = await manage('/api/webhook-sources', {
      name: 'x',
      scheme: 'generic',
      settings: { ...settings, signed: '{body}x' },
    });
    assert.deepEqual([invalid.status, invalid.json['code']], [400, 'input_invalid']);
    assert.equal((await manage(`/api/webhook-sources/${id}`, undefined, { method: 'DELETE' })).status, 200);
    assert.equal((await manage('/api/billing')).json['standing'], 'none');
    assert.equal((await manage('/api/billing/portal', {})).status, 404);
  });
});

it('billing takes Stripe’s events under either secret during a rotation, and sets the tier by duty (EDG-3)', async () => {
  const database = await createTestDatabase();
  const secrets = {
    webhookSecret: 'whsec_current4fT9xQ2mVb',
    previousWebhookSecret: 'whsec_previous7Lk1RzVb',
  };
  const server = createServer(testConfig(database, { billing: secrets }), [], {
    logStream: { write: () => {} },
  });
  try {
    const { port } = await server.listen();
    const { tenantId } = await makePerson(database, {
      email: 'robin@example.org',
      password: goodPassword,
      name: 'Robin',
      tenantName: 'Robin & Co',
    });
    await asRole(database, 'owner', async (client) => {
      await client.query(`insert into billing.price values ('price_1', 'business')`);
      await client.query(`select billing.link_customer($1, 'cus_1', now())`, [tenantId]);
    });
    const object = {
      id: 'sub_1',
      customer: 'cus_1',
      status: 'active',
      items: { data: [{ price: { id: 'price_1' } }] },
    };
    const type = 'customer.subscription.created';
    const payload = JSON.stringify({ id: 'evt_1', type, created: 1_700_000_000, data: { object } });
    const statuses: number[] = [];
    for (const key of [...Object.values(secrets), 'whsec_foreign4fT9xQ2mVb']) {
      const header = new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload, secret: key });
      // oxlint-disable-next-line no-await-in-loop
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks/billing`, {
        method: 'POST',
        headers: { 'stripe-signature': header },
        body: payload,
      });
      statuses.push(answer.status);
    }
    assert.deepEqual(statuses, [200, 200, 401]);
    const billed = await eventually(
      () =>
        asRole(database, 'superuser', async (client) => {
          const { rows } = await client.query<object>(
            'select tenant_id, billed_tier from tenants.tenant_tier',
          );
          return rows.length === 0 ? undefined : rows;
        }),
      { what: 'the tier' },
    );
    assert.deepEqual(billed, [{ tenant_id: tenantId, billed_tier: 'business' }]);
  } finally {
    await server.close({ force: true });
    await database.drop();
  }
});
