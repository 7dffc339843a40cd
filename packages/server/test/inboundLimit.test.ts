import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { makePerson } from '../../../test/harness/people.ts';
import { cookieOf, goodPassword, send } from './fixture.ts';
import { openLimited } from './limits/fixture.ts';
import type { LimitedServers } from './limits/fixture.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = '{"type":"order.paid"}';
let limited: LimitedServers;
let cookie: string;
let passed = 0;
let ids = 0;
before(async () => {
  limited = await openLimited({ servers: 2, limits: { webhooksPerSource: 3 } });
  cookie = await signedIn(limited);
});
after(() => limited.close());

async function signedIn({ database, urls }: LimitedServers): Promise<string> {
  const email = `sender-${(ids += 1)}@example.org`;
  await makePerson(database, { email, password: goodPassword, name: 'P', tenantName: 'T' });
  return cookieOf(await send(urls[0] ?? '', '/api/session', { json: { email, password: goodPassword } }));
}

async function aSource({ urls }: LimitedServers, by = cookie): Promise<string> {
  const json = { name: 'Shop', scheme: 'standard', secret };
  const made = await send(urls[0] ?? '', '/api/webhook-sources', { cookie: by, json });
  assert.equal(made.status, 201);
  return String(made.json['id']);
}

/** Posts an event nobody sent before to one of the servers in turn. */
async function post(source: string, { servers = limited, key = secret } = {}): Promise<Response> {
  const [id, at] = [`msg_${(ids += 1)}`, new Date(Date.now() + (servers === limited ? passed : 0))];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(key).sign(id, at, body),
  };
  const url = servers.urls[ids % servers.urls.length] ?? '';
  return fetch(`${url}/webhooks/${source}`, { method: 'POST', headers, body });
}

async function statuses(count: number, ...input: Parameters<typeof post>): Promise<number[]> {
  const answers: number[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after another, at the servers in turn
  for (let index = 0; index < count; index += 1) answers.push((await post(...input)).status);
  return answers;
}

test('EDG-5: a source that sends more than its cap is answered 429, and no other source', async () => {
  const [loud, quiet] = [await aSource(limited), await aSource(limited)];
  // Who cannot sign uses nothing up.
  const forged = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
  assert.deepEqual(await statuses(6, loud, { key: forged }), Array<number>(6).fill(401));
  assert.deepEqual(await statuses(5, loud), [200, 200, 200, 429, 429]);
  const refused = await post(loud);
  assert.deepEqual([refused.status, await refused.text()], [429, '']);
  const wait = Number(refused.headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 60, String(wait));
  assert.deepEqual(await statuses(2, quiet), [200, 200]);
  limited.advance(61_000);
  passed += 61_000;
  assert.deepEqual(await statuses(4, loud), [200, 200, 200, 429]);
});

test('EDG-5 mutation: without the cap a flood is stored whole', async () => {
  const open = await openLimited({ limits: { webhooksPerSource: 0 } });
  try {
    const source = await aSource(open, await signedIn(open));
    assert.deepEqual(await statuses(8, source, { servers: open }), Array<number>(8).fill(200));
  } finally {
    await open.close();
  }
});
