import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { asRole, cookieOf, goodPassword, openServer, send, signUp } from './fixture.ts';
import type { Call, Fixture, Person } from './fixture.ts';

let fixture: Fixture;
let person: Person;
let now = Date.now();

before(async () => {
  fixture = await openServer([], { server: { clock: () => now } });
  person = await signUp(fixture.url);
});
after(() => fixture.close());

/** A program: no cookies, no Origin, no Fetch Metadata. */
async function program(path: string, { json, token, headers = {}, method }: Call & { token?: string } = {}) {
  const response = await fetch(`${fixture.url}${path}`, {
    method: method ?? (json === undefined ? 'GET' : 'POST'),
    headers: {
      'user-agent': 'ledger-sync/2.1',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: JSON.parse(text) as Record<string, unknown>,
  };
}

async function tokens(email = person.email) {
  const { status, json } = await program('/api/tokens', { json: { email, password: goodPassword } });
  assert.equal(status, 200);
  return json as { accessToken: string; refreshToken: string; accessExpiresAt: string; tokenType: string };
}

const me = (token: string) => program('/api/session', { token });
const codeOf = ({ status, json }: { status: number; json: Record<string, unknown> }) => [
  status,
  json['code'],
];

test('AUT-1 AUT-2 a program signs in, asks, refreshes and revokes', async () => {
  const first = await tokens();
  assert.equal(first.tokenType, 'Bearer');
  const asked = await me(first.accessToken);
  assert.equal((asked.json['account'] as { id: string }).id, person.account);
  assert.equal((await program('/api/tenant', { token: first.accessToken })).json['id'], person.tenant);
  const refreshed = await program('/api/tokens/refresh', { json: { refreshToken: first.refreshToken } });
  const second = refreshed.json as Awaited<ReturnType<typeof tokens>>;
  assert.equal(refreshed.status, 200);
  assert.equal((await me(second.accessToken)).status, 200);
  const revoked = await program('/api/tokens/revoke', { json: { token: second.refreshToken } });
  assert.deepEqual([revoked.status, revoked.json], [200, {}]);
  for (const token of [first.accessToken, second.accessToken]) {
    assert.deepEqual(codeOf(await me(token)), [401, 'token_refused'], 'at once in this process');
  }
  const late = await program('/api/tokens/refresh', { json: { refreshToken: second.refreshToken } });
  assert.deepEqual(codeOf(late), [401, 'token_refused']);
  const again = await program('/api/tokens/revoke', { json: { token: second.refreshToken } });
  assert.equal(again.status, 200, 'nothing to revoke is no error');
});

test('AUT-1 an access token opens nothing from the second of its end on', async () => {
  const { accessToken, accessExpiresAt } = await tokens();
  now = Date.parse(accessExpiresAt) - 1;
  assert.equal((await me(accessToken)).status, 200);
  now += 1;
  assert.deepEqual(codeOf(await me(accessToken)), [401, 'token_refused']);
});

test('AUT-1 the published key set verifies a token with a library of somebody else’s', async () => {
  const { accessToken } = await tokens();
  const address = new URL('/.well-known/jwks.json', fixture.url);
  const answer = await program(address.pathname);
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=300');
  const keys = answer.json['keys'] as Record<string, unknown>[];
  assert.equal(keys.length, 2, 'the current key and the next');
  for (const key of keys) {
    assert.deepEqual(
      Object.keys(key).toSorted(),
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
      'public parts alone',
    );
  }
  assert.ok(keys.some(({ kid }) => kid === decodeProtectedHeader(accessToken).kid));
  const { payload } = await jwtVerify(accessToken, createRemoteJWKSet(address), {
    algorithms: ['EdDSA'],
    typ: 'at+jwt',
    issuer: fixture.server.address?.url ?? '',
    currentDate: new Date(now),
  });
  assert.equal(payload.sub, person.account);
});

test('two credentials at once are refused, whatever each is worth', async () => {
  const { accessToken } = await tokens();
  const signedIn = await send(fixture.url, '/api/session', {
    json: { email: person.email, password: goodPassword },
  });
  const cookie = cookieOf(signedIn);
  const both = await program('/api/session', { token: accessToken, headers: { cookie } });
  assert.deepEqual(codeOf(both), [400, 'credentials_ambiguous']);
  const batch = await fetch(`${fixture.url}/rpc/__batch__`, {
    method: 'POST',
    headers: {
      origin: new URL(fixture.url).origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
      'x-orpc-batch': 'buffered',
      authorization: `Bearer ${accessToken}`,
      cookie,
    },
    body: JSON.stringify([{ url: `${fixture.url}/rpc/session/read`, body: {} }]),
  });
  assert.match(await batch.text(), /credentials_ambiguous/);
});

test('T-46 no body, query or header but a credential says who asks', async () => {
  const other = await signUp(fixture.url);
  const { accessToken } = await tokens();
  const attempts = [
    program('/api/session', { headers: { 'x-user-id': other.account, 'bulkhead-account': other.account } }),
    program(`/api/session?userId=${other.account}`),
    program('/api/tokens/refresh', { json: { refreshToken: 'bhr_x', userId: other.account } }),
  ];
  for (const answer of await Promise.all(attempts)) assert.ok(answer.status === 401 || answer.status === 400);
  const asked = await program(`/api/session`, {
    token: accessToken,
    headers: { 'x-user-id': other.account },
  });
  assert.equal((asked.json['account'] as { id: string }).id, person.account);
});

test('bearer tokens that are none get one answer', async () => {
  const { accessToken, refreshToken } = await tokens();
  const [header = '', payload = '', signature = ''] = accessToken.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  const bearers = [
    'x',
    refreshToken,
    person.cookie.split('=')[1] ?? '',
    `${none}.${payload}.`,
    `${header}.${payload}.`,
    `${header}.${payload}.${signature}=`,
    `${header}.${payload}.${signature} `.trim() + 'A',
    `${'A'.repeat(5000)}.${payload}.${signature}`,
  ];
  for (const bearer of bearers) assert.deepEqual(codeOf(await me(bearer)), [401, 'token_refused'], bearer);
  for (const authorization of [
    'Basic eDp5',
    'Bearer',
    `bearer  ${accessToken}`,
    `${accessToken}`,
    'Bearer a, Bearer b',
  ]) {
    const answer = await program('/api/session', { headers: { authorization } });
    assert.deepEqual(codeOf(answer), [401, 'token_refused'], authorization);
  }
  assert.equal(
    (await program('/api/session', { headers: { authorization: `BEARER ${accessToken}` } })).status,
    200,
  );
});

test('AUT-11 sessions are listed with device and place, and ended one, others, all', async () => {
  const owner = await signUp(fixture.url);
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0';
  const headers = { 'user-agent': agent };
  const json = { email: owner.email, password: goodPassword };
  const browser = cookieOf(await send(fixture.url, '/api/session', { json, headers }));
  const app = await tokens(owner.email);
  const listed = await send(fixture.url, '/api/sessions', { cookie: browser });
  const sessions = listed.json['sessions'] as Record<string, unknown>[];
  const shown = sessions.map(({ device, current, program: isProgram, ip }) => [
    device,
    current,
    isProgram,
    ip,
  ]);
  assert.equal(shown.length, 3);
  assert.ok(
    shown.some(
      (one) => JSON.stringify(one) === JSON.stringify(['Firefox on Linux', true, false, '127.0.0.1']),
    ),
  );
  assert.ok(
    shown.some(
      (one) => JSON.stringify(one) === JSON.stringify(['ledger-sync/2.1', false, true, '127.0.0.1']),
    ),
  );

  const stranger = String(sessions.find(({ program: isProgram }) => isProgram === true)?.['id']);
  const foreign = await send(fixture.url, `/api/sessions/${stranger}`, {
    method: 'DELETE',
    cookie: person.cookie,
  });
  assert.deepEqual([foreign.status, foreign.json['code']], [404, 'session_missing'], 'nobody ends another’s');
  const ended = await send(fixture.url, `/api/sessions/${stranger}`, { method: 'DELETE', cookie: browser });
  assert.equal(ended.status, 200);
  assert.equal((await me(app.accessToken)).status, 401);

  const others = await send(fixture.url, '/api/sessions/end-others', {
    method: 'POST',
    cookie: browser,
    json: {},
  });
  assert.deepEqual(others.json, { ended: 1 });
  assert.equal((await send(fixture.url, '/api/session', { cookie: owner.cookie })).status, 401);
  const all = await send(fixture.url, '/api/sessions/end-all', { method: 'POST', cookie: browser, json: {} });
  assert.deepEqual(all.json, { ended: 1 });
  assert.match(cookieOf(all), /^__Host-bulkhead=$/);
  assert.equal((await send(fixture.url, '/api/session', { cookie: browser })).status, 401);
});

test('AUT-9 the session cookie and the device cookie are __Host-, HttpOnly, Secure, SameSite=Strict', async () => {
  const answer = await send(fixture.url, '/api/session', {
    json: { email: person.email, password: goodPassword },
  });
  const cookies = answer.headers.getSetCookie();
  assert.deepEqual(
    cookies.map((cookie) => cookie.split('=')[0]),
    ['__Host-bulkhead', '__Host-bulkhead-device'],
  );
  for (const cookie of cookies)
    assert.match(cookie, /; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=\d+$/);
});

test('AUT-11 a disabled account is out within five seconds on a server that did not disable it', async () => {
  const leaver = await signUp(fixture.url);
  const app = await tokens(leaver.email);
  assert.equal((await send(fixture.url, '/api/session', { cookie: leaver.cookie })).status, 200);
  assert.equal((await me(app.accessToken)).status, 200);
  await asRole(fixture.database, 'owner', (client) =>
    client.query(`select identity.disable_account($1, 'left the company', now())`, [leaver.email]),
  );
  now += 5000;
  assert.equal((await send(fixture.url, '/api/session', { cookie: leaver.cookie })).status, 401);
  assert.equal((await me(app.accessToken)).status, 401);
  const late = await program('/api/tokens/refresh', { json: { refreshToken: app.refreshToken } });
  assert.equal(late.status, 401);
  const json = { email: leaver.email, password: goodPassword };
  assert.deepEqual(codeOf(await program('/api/tokens', { json })), [403, 'account_disabled']);
});

test('T-45 a sign-out that could not be done is no success, and the cookie stays', async () => {
  const owner = await signUp(fixture.url);
  await asRole(fixture.database, 'superuser', (client) =>
    client.query(`create function identity.break() returns trigger language plpgsql as
      $$ begin raise exception 'the disk is full'; end $$;
      create trigger break before update on identity.session for each row execute function identity.break()`),
  );
  try {
    const answer = await send(fixture.url, '/api/session', { method: 'DELETE', cookie: owner.cookie });
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  } finally {
    await asRole(fixture.database, 'superuser', (client) =>
      client.query('drop trigger break on identity.session; drop function identity.break()'),
    );
  }
  assert.equal((await send(fixture.url, '/api/session', { cookie: owner.cookie })).status, 200);
});

test('T-46 two Authorization headers are one too many: neither is taken', async () => {
  const other = await signUp(fixture.url);
  const [mine, theirs] = [await tokens(), await tokens(other.email)];
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = [mine, theirs].flatMap(({ accessToken }) => ['authorization', `Bearer ${accessToken}`]);
    const asking = request(`${fixture.url}/api/session`, { headers: ['host', 'localhost', ...headers] });
    asking.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.end();
  });
  assert.equal(status, 401);
});
