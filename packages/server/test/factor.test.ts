import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SoftAuthenticator } from '../../platform/test/authenticator.ts';
import { codeAt } from '../../platform/test/factors.ts';
import { asRole, cookieOf, goodPassword, join, openServer, send, signUp, signUpOperator } from './fixture.ts';
import type { Answer, Fixture, Person } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await openServer();
});
after(() => fixture.close());

const post = (path: string, json: unknown, cookie?: string): Promise<Answer> =>
  send(fixture.url, path, { method: 'POST', json, cookie });

/** An authenticator app on a person's account, and the cookie after it. */
async function addTotp(
  person: Person,
): Promise<{ id: string; secret: string; codes: string[]; cookie: string }> {
  const begun = await post('/api/factors/totp', { label: 'Phone' }, person.cookie);
  assert.equal(begun.status, 200, begun.text);
  const { id, secret } = begun.json as { id: string; secret: string };
  const confirmed = await post(
    `/api/factors/totp/${id}/confirm`,
    { code: codeAt(secret, Date.now()) },
    person.cookie,
  );
  assert.equal(confirmed.status, 200, confirmed.text);
  const codes = confirmed.json['recoveryCodes'] as string[];
  return { id, secret, codes, cookie: cookieOf(confirmed) };
}

/** The code of the step after the present one: accepted, and not yet used to confirm the app. */
const freshCode = (secret: string): string => codeAt(secret, Date.now() + 30_000);

/** Lets all proofs so far be eleven minutes old. */
const age = (): Promise<unknown> =>
  asRole(fixture.database, 'superuser', (client) =>
    client.query(
      `update identity.session set auth_time = auth_time - interval '11 minutes' where ended_at is null`,
    ),
  );

const signIn = (person: Person): Promise<Answer> =>
  post('/api/session', { email: person.email, password: goodPassword });

test('AUT-10 an authenticator app is added, asked for at sign-in, and completes it', async () => {
  const person = await signUp(fixture.url);
  const { secret, codes, cookie, id } = await addTotp(person);
  assert.equal(codes.length, 10);
  assert.equal((await send(fixture.url, '/api/session', { cookie: person.cookie })).status, 401, 'rotated');
  assert.equal((await send(fixture.url, '/api/session', { cookie })).status, 200);
  const { json } = await send(fixture.url, '/api/factors', { cookie });
  assert.equal(json['recoveryCodesLeft'], 10);
  assert.deepEqual(
    (json['factors'] as { id: string; kind: string; label: string }[]).map((factor) => [
      factor.id,
      factor.kind,
      factor.label,
    ]),
    [[id, 'totp', 'Phone']],
  );

  const asked = await signIn(person);
  assert.equal(asked.status, 401);
  assert.equal(asked.json['code'], 'factor_required');
  assert.deepEqual(asked.json['factors'], ['totp', 'recovery_code']);
  assert.deepEqual(asked.headers.getSetCookie(), []);
  const challenge = asked.json['challenge'];
  const pending = await post('/api/session/pending', { challenge });
  assert.deepEqual(pending.json, { factors: ['totp', 'recovery_code'] });
  const wrong = await post('/api/session/factor', { challenge, proof: { kind: 'totp', code: '000000' } });
  assert.equal(wrong.json['code'], 'code_refused');
  const proof = { kind: 'totp', code: freshCode(secret) };
  const done = await post('/api/session/factor', { challenge, proof });
  assert.equal(done.status, 200, done.text);
  assert.equal((await send(fixture.url, '/api/session', { cookie: cookieOf(done) })).status, 200);
  const again = await post('/api/session/factor', { challenge, proof });
  assert.deepEqual([again.status, again.json['code']], [401, 'sign_in_expired']);
});

test('AUT-10 dangerous procedures ask for a fresh proof, say which would do, and go through after it', async () => {
  const [owner, member] = [await signUp(fixture.url), await signUp(fixture.url)];
  await join(fixture, { host: owner, person: member, role: 'member' });
  const listed = await send(fixture.url, '/api/members', { cookie: owner.cookie, tenant: owner.tenant });
  const { members } = listed.json as { members: { id: string; account: { id: string } }[] };
  const id = members.find(({ account }) => account.id === member.account)?.id ?? '';
  const promote = (cookie: string): Promise<Answer> =>
    send(fixture.url, `/api/members/${id}`, {
      method: 'PUT',
      cookie,
      tenant: owner.tenant,
      json: { role: 'admin', moduleRoles: [], companies: null },
    });
  assert.equal((await promote(owner.cookie)).status, 200, 'the sign-in is fresh');
  await age();
  const refused = await promote(owner.cookie);
  assert.equal(refused.status, 403);
  assert.equal(refused.json['code'], 'step_up_required');
  assert.deepEqual(refused.json['acceptable'], ['password']);
  const called = await send(fixture.url, '/rpc/member/change', {
    cookie: owner.cookie,
    tenant: owner.tenant,
    json: { json: { id, role: 'admin', moduleRoles: [], companies: null } },
  });
  const { json: error } = called.json as { json: { code: string; data: { acceptable: string[] } } };
  assert.deepEqual(
    [called.status, error.code, error.data.acceptable],
    [403, 'step_up_required', ['password']],
  );
  const reading = await send(fixture.url, '/api/members', { cookie: owner.cookie, tenant: owner.tenant });
  assert.equal(reading.status, 200, 'reading goes on');

  const wrong = { kind: 'password', password: 'not the right one at all' };
  const no = await post('/api/session/step-up', { proof: wrong }, owner.cookie);
  assert.deepEqual([no.status, no.json['code'], no.headers.getSetCookie()], [401, 'sign_in_refused', []]);
  const yes = await post(
    '/api/session/step-up',
    { proof: { kind: 'password', password: goodPassword } },
    owner.cookie,
  );
  assert.equal(yes.status, 200, yes.text);
  assert.equal((await promote(cookieOf(yes))).status, 200);
  assert.equal((await promote(owner.cookie)).status, 401, 'the old cookie is worth nothing');

  await age();
  const stranger = await post('/api/session/step-up', {
    proof: { kind: 'password', password: goodPassword },
  });
  assert.equal(stranger.json['code'], 'signed_out');
  const noRight = await send(fixture.url, `/api/members/${id}`, {
    method: 'DELETE',
    cookie: (await signUp(fixture.url)).cookie,
    tenant: owner.tenant,
  });
  assert.equal(noRight.json['code'], 'tenant_refused', 'who may not do it is not asked to prove anything');
});

test('AUT-10 an invite to be owner or admin asks for a fresh proof, one to be a member does not', async () => {
  const owner = await signUp(fixture.url);
  await age();
  const invite = (role: string): Promise<Answer> =>
    send(fixture.url, '/api/invites', {
      cookie: owner.cookie,
      tenant: owner.tenant,
      json: { email: `${role}@example.net`, role },
    });
  assert.equal((await invite('owner')).json['code'], 'step_up_required');
  assert.equal((await invite('admin')).json['code'], 'step_up_required');
  assert.equal((await invite('member')).status, 201);
});

test('AUT-10 step-up looks at the database: a disabled account is refused at once', async () => {
  const person = await signUp(fixture.url);
  assert.equal((await send(fixture.url, '/api/session', { cookie: person.cookie })).status, 200);
  await asRole(fixture.database, 'superuser', (client) =>
    client.query(`update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`, [
      person.account,
    ]),
  );
  const answer = await post('/api/factors/totp', { label: 'x' }, person.cookie);
  assert.deepEqual([answer.status, answer.json['code']], [401, 'signed_out']);
});

test('AUT-10 a passkey is bound to the public address, signs in alone, and steps up', async () => {
  const person = await signUp(fixture.url);
  const origin = fixture.url.replace('127.0.0.1', 'localhost');
  const options = await send(fixture.url, '/api/factors/passkey/options', {
    method: 'POST',
    cookie: person.cookie,
    json: {},
    headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  });
  const creation = options.json as unknown as Parameters<SoftAuthenticator['register']>[0];
  assert.equal(creation.rp.id, 'localhost');
  const authenticator = new SoftAuthenticator({ origin });
  const { id: _, ...foreign } = new SoftAuthenticator({ origin: 'https://evil.example' }).register(creation);
  const refused = await post(
    '/api/factors/passkey',
    { label: 'x', response: { ...foreign, id: foreign.rawId } },
    person.cookie,
  );
  assert.deepEqual([refused.status, refused.json['code']], [401, 'passkey_refused']);
  const replay = await post(
    '/api/factors/passkey',
    { label: 'x', response: authenticator.register(creation) },
    person.cookie,
  );
  assert.equal(replay.json['code'], 'passkey_refused', 'the challenge is spent');
  const second = await post('/api/factors/passkey/options', {}, person.cookie);
  const added = await post(
    '/api/factors/passkey',
    { label: 'Laptop', response: authenticator.register(second.json as unknown as typeof creation) },
    person.cookie,
  );
  assert.equal(added.status, 200, added.text);

  const request = await post('/api/session/passkey/options', {});
  type Request = Parameters<SoftAuthenticator['answer']>[0];
  const response = authenticator.answer(request.json as unknown as Request);
  const entered = await post('/api/session/passkey', { response });
  assert.equal(entered.status, 200, entered.text);
  assert.equal((entered.json['account'] as { id: string }).id, person.account);
  await age();
  const cookie = cookieOf(entered);
  const removing = await send(fixture.url, `/api/factors/${String(added.json['id'])}`, {
    method: 'DELETE',
    cookie,
  });
  assert.deepEqual(removing.json['acceptable'], ['passkey', 'recovery_code']);
  const asked = await post('/api/session/step-up/passkey-options', {}, cookie);
  const proof = { kind: 'passkey', response: authenticator.answer(asked.json as unknown as Request) };
  const raised = await post('/api/session/step-up', { proof }, cookie);
  assert.equal(raised.status, 200, raised.text);
  const removed = await send(fixture.url, `/api/factors/${String(added.json['id'])}`, {
    method: 'DELETE',
    cookie: cookieOf(raised),
  });
  assert.equal(removed.status, 200, removed.text);
});

test('AUT-10 another account’s factor cannot be named, and no input says whose (T-46)', async () => {
  const [robin, thief] = [await signUp(fixture.url), await signUp(fixture.url)];
  const { id } = await addTotp(robin);
  const theft = await send(fixture.url, `/api/factors/${id}`, { method: 'DELETE', cookie: thief.cookie });
  assert.deepEqual([theft.status, theft.json['code']], [404, 'factor_missing']);
  const renaming = await send(fixture.url, `/api/factors/${id}`, {
    method: 'PUT',
    cookie: thief.cookie,
    json: { label: 'mine' },
  });
  assert.equal(renaming.json['code'], 'factor_missing');
  const naming = await post('/api/factors/totp', { label: 'x', accountId: robin.account }, thief.cookie);
  assert.equal(naming.json['code'], 'invalid_input');
});

test('AUT-10 a tenant that asks for two factors is reached with two, at once and by nobody without', async () => {
  const [owner, member] = [await signUp(fixture.url), await signUp(fixture.url)];
  await join(fixture, { host: owner, person: member, role: 'admin' });
  const acts = (cookie: string, tenant = owner.tenant): Promise<Answer> =>
    send(fixture.url, '/api/tenant', { cookie, tenant });
  const ask = (cookie: string, required: boolean): Promise<Answer> =>
    send(fixture.url, '/api/tenant/second-factor', {
      method: 'PUT',
      cookie,
      tenant: owner.tenant,
      json: { required },
    });
  assert.equal((await ask(member.cookie, true)).json['code'], 'permission_refused', 'owners alone');
  const { cookie, secret } = await addTotp(owner);
  assert.equal((await ask(cookie, true)).status, 200);
  assert.equal((await acts(cookie)).json['secondFactorRequired'], true);

  const again = await signIn(member);
  const refused = await acts(cookieOf(again));
  assert.deepEqual([refused.status, refused.json['code']], [403, 'second_factor_required']);
  assert.equal((await acts(cookieOf(again), member.tenant)).status, 200, 'their own does not ask');
  const enrolled = await addTotp({ ...member, cookie: cookieOf(again) });
  assert.equal((await acts(enrolled.cookie)).status, 200);

  const asked = await signIn(owner);
  const proof = { kind: 'totp', code: freshCode(secret) };
  const entered = await post('/api/session/factor', { challenge: asked.json['challenge'], proof });
  assert.equal((await ask(cookieOf(entered), false)).status, 200);
});

test('AUT-10 ACC-3 an operator, too, reaches a tenant that asks for two factors with two alone', async () => {
  const [owner, operator] = [await signUp(fixture.url), await signUpOperator(fixture)];
  const { tenant } = owner;
  const reason = 'Ticket 4711: totals of March are off';
  const entered = await post('/api/operator/stays', { tenant, reason }, operator.cookie);
  assert.equal(entered.status, 201, entered.text);
  const looks = (cookie: string): Promise<Answer> => send(fixture.url, '/api/tenant', { cookie, tenant });
  assert.equal((await looks(operator.cookie)).status, 200);
  const { cookie } = await addTotp(owner);
  const asking = { method: 'PUT', cookie, tenant, json: { required: true } };
  assert.equal((await send(fixture.url, '/api/tenant/second-factor', asking)).status, 200);
  const refused = await looks(operator.cookie);
  assert.deepEqual([refused.status, refused.json['code']], [403, 'second_factor_required']);
  const enrolled = await addTotp(operator);
  assert.equal((await looks(enrolled.cookie)).status, 200);
});
