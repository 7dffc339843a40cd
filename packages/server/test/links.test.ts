import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { awaitMailedToken, mailedToken } from '../../../test/harness/people.ts';
import { cookieOf, goodPassword, openServer, send, signUp } from './fixture.ts';
import type { Answer, Fixture, Person } from './fixture.ts';

let fixture: Fixture;
let person: Person;

before(async () => {
  fixture = await openServer();
  person = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
});

const next = 'tidal gravel evening kite';
const post = (path: string, json: object, call: object = {}) =>
  send(fixture.url, `/api${path}`, { json, ...call });
const newcomer = (email: string) => ({
  email,
  password: goodPassword,
  name: 'Ada Pilot',
  tenantName: 'Pilot Boats',
});

/** An answer without what differs between any two. */
function comparable({ status, headers, json }: Answer) {
  const { requestId: _requestId, ...body } = json;
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'set-cookie'].includes(name));
  const cookies = headers.getSetCookie().map((line) => line.replace(/=[^;]*/, '='));
  return { status, headers: Object.fromEntries(kept), cookies, body };
}

test('AUT-12 who asks for a link gets one answer, whoever has the address', async () => {
  const stranger = 'nobody@example.org';
  for (const [path, input] of [
    ['/sign-up', newcomer],
    ['/password-reset', (email: string) => ({ email })],
    ['/magic-link', (email: string) => ({ email })],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const [known, unknown] = [await post(path, input(person.email)), await post(path, input(stranger))];
    assert.equal(known.status, 202, known.text);
    assert.deepEqual(comparable(known), comparable(unknown));
  }
});

test('signing up: mail, link, session; the flow’s cookie is strict and goes with it', async () => {
  const email = 'ada@pilot.example';
  const asked = await post('/sign-up', newcomer(email));
  assert.match(
    asked.headers.getSetCookie()[0] ?? '',
    /^__Host-bulkhead-sign-up=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=86400$/,
  );
  const token = await awaitMailedToken(fixture.url, { to: email, kind: 'sign_up' });
  const elsewhere = await post('/sign-up/confirm', { token });
  assert.deepEqual([elsewhere.status, elsewhere.json['code']], [403, 'password_required']);
  const confirmed = await post('/sign-up/confirm', { token }, { cookie: cookieOf(asked) });
  assert.equal(confirmed.status, 201, confirmed.text);
  const account = confirmed.json['account'] as { email: string; emailVerified: boolean };
  assert.deepEqual([account.email, account.emailVerified], [email, true]);
  const cookies = confirmed.headers.getSetCookie();
  assert.ok(cookies.some((line) => line.startsWith('__Host-bulkhead-sign-up=;')));
  const session = cookies.find((line) => line.startsWith('__Host-bulkhead='))?.split(';')[0];
  assert.equal((await send(fixture.url, '/api/session', { cookie: session })).status, 200);
  assert.equal((await post('/sign-up/confirm', { token })).json['code'], 'link_invalid');
});

test('AUT-4 a forgotten password: the link works once, and ends the sessions', async () => {
  const someone = await signUp(fixture.url);
  await post('/password-reset', { email: someone.email });
  const token = await awaitMailedToken(fixture.url, { to: someone.email, kind: 'password_reset' });
  const done = await post('/password-reset/redeem', { token, password: next });
  assert.deepEqual([done.status, done.headers.getSetCookie()], [200, []], 'it signs nobody in');
  assert.equal((await send(fixture.url, '/api/session', { cookie: someone.cookie })).status, 401);
  assert.equal(
    (await post('/password-reset/redeem', { token, password: next })).json['code'],
    'link_invalid',
  );
  assert.equal((await post('/session', { email: someone.email, password: next })).status, 200);
});

test('AUT-6 a sign-in link: by POST, in its browser, once', async () => {
  const someone = await signUp(fixture.url);
  const asked = await post('/magic-link', { email: someone.email });
  const token = await awaitMailedToken(fixture.url, { to: someone.email, kind: 'magic_link' });
  const got = await send(fixture.url, `/api/magic-link/redeem?token=${token}`);
  assert.equal(got.status, 405);
  const elsewhere = await post('/magic-link/redeem', { token });
  assert.deepEqual([elsewhere.status, elsewhere.json['code']], [403, 'link_other_browser']);
  const redeemed = await post('/magic-link/redeem', { token }, { cookie: cookieOf(asked) });
  assert.equal(redeemed.status, 200, redeemed.text);
  assert.equal((redeemed.json['account'] as { id: string }).id, someone.account);
  const again = await post('/magic-link/redeem', { token }, { cookie: cookieOf(asked) });
  assert.deepEqual([again.status, again.json['code']], [400, 'link_invalid']);
});

test('another site’s page can make no browser follow a link (login CSRF)', async () => {
  const { cookie } = person;
  for (const path of ['/magic-link/redeem', '/sign-up/confirm', '/password-reset', '/email-change']) {
    // oxlint-disable-next-line no-await-in-loop
    const forged = await post(
      path,
      { token: 'A'.repeat(43) },
      {
        cookie,
        headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      },
    );
    assert.deepEqual([forged.status, forged.json['code']], [403, 'cross_origin_refused'], path);
  }
});

test('ACC-2 an invite goes to its address alone; without an account it makes one, the address proved', async () => {
  const email = 'carla@guest.example';
  const invited = await post(
    '/invites',
    { email, role: 'member' },
    { cookie: person.cookie, tenant: person.tenant },
  );
  assert.equal(invited.status, 201, invited.text);
  assert.ok(!('token' in invited.json), 'the inviter gets no token');
  const token = await mailedToken(fixture.url, { to: email, kind: 'invite' });
  assert.ok(!invited.text.includes(token));
  const viewed = await post('/invites/view', { token });
  assert.deepEqual([viewed.status, viewed.json['email'], viewed.json['hasAccount']], [200, email, false]);
  const short = await post('/invites/sign-up', { token, name: 'Carla Reed', password: 'short' });
  assert.equal(short.json['code'], 'password_short');
  const joined = await post('/invites/sign-up', { token, name: 'Carla Reed', password: next });
  assert.equal(joined.status, 201, joined.text);
  const session = joined.json as {
    account: { email: string; emailVerified: boolean };
    memberships: { tenant: { id: string }; role: string }[];
  };
  assert.deepEqual([session.account.email, session.account.emailVerified], [email, true]);
  assert.deepEqual(
    session.memberships.map(({ tenant, role }) => [tenant.id, role]),
    [[person.tenant, 'member']],
  );
  for (const path of ['/invites/view', '/invites/sign-up']) {
    // oxlint-disable-next-line no-await-in-loop
    const again = await post(path, {
      token,
      ...(path.endsWith('view') ? {} : { name: 'X Y', password: next }),
    });
    assert.equal(again.json['code'], 'link_invalid', path);
  }
});

test('T-36 an invite for an address that has an account makes no second one', async () => {
  const guest = await signUp(fixture.url);
  await post(
    '/invites',
    { email: guest.email, role: 'member' },
    { cookie: person.cookie, tenant: person.tenant },
  );
  const token = await mailedToken(fixture.url, { to: guest.email, kind: 'invite' });
  assert.equal((await post('/invites/view', { token })).json['hasAccount'], true);
  const second = await post('/invites/sign-up', { token, name: 'Somebody Else', password: next });
  assert.deepEqual([second.status, second.json['code']], [409, 'email_taken']);
  const thief = await signUp(fixture.url);
  const stolen = await post('/invites/accept', { token }, { cookie: thief.cookie });
  assert.equal(stolen.json['code'], 'invite_other_address');
  assert.equal((await post('/invites/accept', { token }, { cookie: guest.cookie })).status, 200);
});

test('T-46 whose password or address is changed comes from the session, never from the input', async () => {
  const victim = await signUp(fixture.url);
  for (const [path, json] of [
    ['/password', { current: goodPassword, password: next, accountId: victim.account }],
    ['/email-change', { email: 'x@example.org', password: goodPassword, userId: victim.account }],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const refused = await post(path, json, { cookie: person.cookie });
    assert.deepEqual([refused.status, refused.json['code']], [400, 'invalid_input'], path);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await post(path, json)).status, 401, path);
  }
});

test('a signed-in person changes password and address', async () => {
  const someone = await signUp(fixture.url);
  const as = { cookie: someone.cookie };
  assert.equal(
    (await post('/password', { current: 'not it', password: next }, as)).json['code'],
    'password_wrong',
  );
  assert.equal((await post('/password', { current: goodPassword, password: next }, as)).status, 200);
  const email = 'moved@example.org';
  const asked = await post('/email-change', { email, password: next }, as);
  assert.equal(asked.status, 202, asked.text);
  const token = await awaitMailedToken(fixture.url, { to: email, kind: 'email_change' });
  assert.equal((await post('/email-change/redeem', { token })).status, 401);
  const moved = await post('/email-change/redeem', { token }, as);
  assert.deepEqual(moved.json, { email });
  const undo = await mailedToken(fixture.url, { to: someone.email, kind: 'email_changed' });
  const undone = await post('/email-change/undo', { token: undo, password: 'a third lantern in fog' });
  assert.equal(undone.status, 200, undone.text);
  assert.equal((await send(fixture.url, '/api/session', as)).status, 401);
});

test('a change of address or password asks for a fresh proof, beside the password', async () => {
  let now = Date.now();
  const later = await openServer([], { server: { clock: () => now } });
  try {
    const someone = await signUp(later.url);
    const ask = (path: string, json: object) => send(later.url, path, { cookie: someone.cookie, json });
    const address = { email: 'moved@example.org', password: goodPassword };
    assert.equal((await ask('/api/email-change', address)).status, 202);
    now += 11 * 60_000;
    const stale = [
      await ask('/api/email-change', address),
      await ask('/api/password', { current: goodPassword, password: next }),
    ];
    assert.deepEqual(
      stale.map(({ status, json }) => [status, json['code']]),
      [
        [403, 'step_up_required'],
        [403, 'step_up_required'],
      ],
    );
  } finally {
    await later.close();
  }
});

test('no token and no password of a link stands in the log', async () => {
  await post('/magic-link', { email: person.email });
  const token = await awaitMailedToken(fixture.url, { to: person.email, kind: 'magic_link' });
  await post('/magic-link/redeem', { token });
  await post('/password-reset/redeem', { token, password: next });
  const everything = fixture.log.join('\n');
  for (const secret of [token, next, person.email]) assert.ok(!everything.includes(secret));
});

test('a server without mail says so, to everybody alike, and in its log', async () => {
  const mute = await openServer([], { mail: { sink: false } });
  try {
    const someone = await signUp(mute.url);
    for (const email of [someone.email, 'nobody@example.org']) {
      for (const [path, json] of [
        ['/sign-up', newcomer(email)],
        ['/password-reset', { email }],
        ['/magic-link', { email }],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop
        const refused = await send(mute.url, `/api${path}`, { json });
        assert.deepEqual([refused.status, refused.json['code']], [503, 'mail_unavailable'], path);
      }
    }
    assert.deepEqual((await send(mute.url, '/api/mail/status')).json, { mode: 'none' });
    assert.equal((await send(mute.url, '/api/mail')).status, 404);
    assert.ok(mute.log.some((line) => line.includes('"event":"mail_unavailable"')));
  } finally {
    await mute.close();
  }
});
