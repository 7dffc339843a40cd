import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { makePerson } from '../../../../test/harness/people.ts';
import { goodPassword, send } from '../fixture.ts';
import type { Answer } from '../fixture.ts';
import { openLimited } from './fixture.ts';
import type { LimitedServers } from './fixture.ts';

let limited: LimitedServers;
let known: string;
before(async () => {
  limited = await openLimited({ servers: 2 });
  known = await person();
});
after(() => limited.close());
let begun = false;
beforeEach(() => {
  if (begun) limited.advance(3_600_000);
  begun = true;
  limited.passwords.compared = 0;
});

async function person(): Promise<string> {
  const email = `${randomUUID()}@example.org`;
  await makePerson(limited.database, { email, password: goodPassword, name: 'P', tenantName: 'T' });
  return email;
}

type Attempt = { from?: string; email?: string; password?: string; path?: string; server?: number };

function signIn({
  from = '192.0.2.1',
  email,
  password = 'wrong',
  path = '/api/session',
  server = 0,
}: Attempt) {
  return send(limited.urls[server] ?? '', path, {
    headers: { 'x-forwarded-for': from },
    json: { email: email ?? `${randomUUID()}@example.org`, password },
  });
}

const times = <Item>(count: number, make: (index: number) => Promise<Item>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const statuses = (answers: readonly Answer[]) =>
  answers.map(({ status }) => status).toSorted((one, other) => one - other);
const refusedOf = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 429).length;

// First: the database accepts no context that a clock put forward has sealed, and each later test moves it.
test('EDG-2 a flood from one address keeps nobody else out', async () => {
  const flood = times(100, () => signIn({ from: '192.0.2.66' }));
  const start = performance.now();
  const other = await signIn({ from: '192.0.2.2', email: known, password: goodPassword });
  assert.equal(other.status, 200);
  assert.ok(performance.now() - start < 5000);
  assert.equal(refusedOf(await flood), 90);
  assert.equal(limited.passwords.compared, 11);
});

test('EDG-2 AUT-3 ten sign-ins a minute from one address over two servers; what is refused computes no hash', async () => {
  const answers = await times(60, (index) => signIn({ server: index % 2 }));
  assert.deepEqual(statuses(answers), [...Array<number>(10).fill(401), ...Array<number>(50).fill(429)]);
  assert.equal(limited.passwords.compared, 10);
  limited.advance(61_000);
  assert.equal((await signIn({})).status, 401, 'the next minute is another one');
});

test('EDG-2 one typed address is tried ten times a minute, from however many addresses', async () => {
  const email = await person();
  const answers = await times(40, (index) => signIn({ from: `198.51.100.${index + 1}`, email }));
  assert.equal(refusedOf(answers), 30);
  assert.ok(limited.passwords.compared <= 10);
  const written = await signIn({ from: '203.0.113.9', email: ` ${email.toUpperCase()}`.trim() });
  assert.equal(written.status, 429, 'however it is written');
});

test('AUT-12 EDG-2 the same answers whether or not there is an account', async () => {
  const ask = async (email: string, net: string) => {
    const answers = [];
    for (let index = 0; index < 12; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the order is what is compared
      const { status, json, headers } = await signIn({ from: `${net}.${index + 1}`, email });
      const { requestId: _, ...problem } = json;
      answers.push({ status, problem, policy: headers.get('ratelimit-policy') });
    }
    return answers;
  };
  const somebody = await ask(await person(), '198.51.100');
  const nobody = await ask(`${randomUUID()}@example.org`, '203.0.113');
  const stripped = (answers: typeof somebody) =>
    JSON.stringify(answers).replaceAll(/in \d+ seconds?/g, 'soon');
  assert.equal(stripped(somebody), stripped(nobody));
  assert.equal(somebody.at(-1)?.status, 429);
});

test('EDG-2 the answer is a problem document and says when to try again', async () => {
  await times(10, () => signIn({}));
  const { status, headers, json } = await signIn({});
  assert.equal(status, 429);
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(json['code'], 'rate_limited');
  assert.equal(headers.get('ratelimit-policy'), '"sign-in";q=10;w=60');
  const wait = Number(headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 60, String(wait));
  assert.equal(headers.get('ratelimit'), `"sign-in";r=0;t=${wait}`);
});

test('EDG-2 T-38 no other way to write the path, the method or the caller has a count of its own', async () => {
  await times(10, () => signIn({}));
  assert.equal((await signIn({ path: '/api/sessio%6e' })).status, 404);
  assert.equal((await signIn({ path: '/api/session?x=1' })).status, 429);
  assert.equal((await signIn({ path: '//api/session' })).status, 404);
  assert.equal((await signIn({ path: '/api//session' })).status, 404);
  assert.equal((await signIn({ path: '/api/tokens' })).status, 429);
  assert.equal((await signIn({ from: '::ffff:192.0.2.1' })).status, 429);
  assert.equal((await signIn({ from: '::ffff:c000:201' })).status, 429);
  assert.equal((await signIn({ from: '::ffff:192.0.2.2' })).status, 401, 'another client, mapped');
});

test('EDG-2 T-38 an IPv6 subscriber has one count, whichever of its addresses it takes', async () => {
  const answers = await times(20, (index) => signIn({ from: `2001:db8:1:2::${(index + 1).toString(16)}` }));
  assert.equal(refusedOf(answers), 10);
  assert.equal((await signIn({ from: '2001:db8:1:3::1' })).status, 401);
});

test('EDG-2 what a client puts before the proxy’s own word is not believed', async () => {
  const answers = await times(20, (index) => signIn({ from: `203.0.113.${index + 1}, 192.0.2.77` }));
  assert.equal(refusedOf(answers), 10);
});

test('EDG-2 every member of a batch counts', async () => {
  const batch = Array.from({ length: 12 }, () => ({
    url: 'http://server.invalid/rpc/session/signIn',
    body: { json: { email: `${randomUUID()}@example.org`, password: 'wrong' } },
  }));
  const answer = await send(limited.urls[0] ?? '', '/rpc/__batch__', {
    headers: { 'x-forwarded-for': '192.0.2.1', 'x-orpc-batch': 'buffered' },
    json: batch,
  });
  assert.equal(answer.text.match(/"rate_limited"/g)?.length, 2, answer.text);
  assert.equal(limited.passwords.compared, 10);
});

test('EDG-2 three requests an hour for links, from one address and to one', async () => {
  const forgot = (from: string, email = `${randomUUID()}@example.org`) =>
    send(limited.urls[0] ?? '', '/api/password-reset', {
      headers: { 'x-forwarded-for': from },
      json: { email },
    });
  assert.equal(refusedOf(await times(9, () => forgot('192.0.2.1'))), 6);
  limited.advance(61_000);
  assert.equal((await forgot('192.0.2.1')).status, 429, 'an hour, not a minute');
  assert.equal(refusedOf(await times(9, (index) => forgot(`198.51.100.${index}`, known))), 6);
});

test('EDG-2 the steps of single sign-on and the provider’s endpoints are limited too', async () => {
  const url = limited.urls[0] ?? '';
  const headers = { 'x-forwarded-for': '192.0.2.1' };
  const connection = randomUUID();
  for (const path of [
    '/sign-in/oidc/start/google',
    '/sign-in/oidc/callback/google',
    `/sign-in/saml/${connection}/start`,
    `/sign-in/saml/${connection}/finish`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answers = await times(12, () => send(url, path, { headers }));
    assert.equal(refusedOf(answers), 2, path);
  }
  const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
  const posted = await times(12, () =>
    send(url, `/sign-in/saml/${connection}/acs`, { headers: form, body: 'SAMLResponse=x' }),
  );
  assert.equal(refusedOf(posted), 2);
  const token = await send(url, '/oidc/token', { headers: form, body: 'grant_type=x' });
  assert.match(token.headers.get('ratelimit') ?? '', /^"token";r=\d+;t=60$/);
  const slash = await send(url, '/oidc/token/', { headers: form, body: 'grant_type=x' });
  assert.match(slash.headers.get('ratelimit') ?? '', /^"token";r=\d+;t=60$/);
});
