import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join, openServer, send, signUp } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const { module } = widgetsModule();
let fixture: Fixture;
let owner: Person;
let later = 0;
before(async () => {
  fixture = await openServer([module], { server: { clock: () => Date.now() + later } });
  owner = await signUp(fixture.url);
});
after(() => fixture.close());

const wanted = { name: 'Nightly', permissions: ['widgets:widget.read'] };

async function make(person: Person, changes: object = {}) {
  const answer = await send(fixture.url, '/api/api-keys', {
    cookie: person.cookie,
    tenant: person.tenant,
    json: { ...wanted, ...changes },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json as { id: string; token: string };
}

const withKey = (token: string, path: string, call: Parameters<typeof send>[2] = {}) =>
  send(fixture.url, path, { ...call, headers: { authorization: `Bearer ${token}`, ...call.headers } });

test('ACC-4 a key acts in its tenant, within its permissions, as itself', async () => {
  const { id, token } = await make(owner, { permissions: ['widgets:widget.read', 'audit:entry.read'] });
  assert.equal((await withKey(token, '/api/widgets/widgets')).status, 200);
  const refused = await withKey(token, '/api/widgets/widgets', { json: { name: 'x' } });
  assert.deepEqual([refused.status, refused.json['code']], [403, 'permission_refused']);
  const entries = await send(fixture.url, '/api/audit/entries', { cookie: owner.cookie });
  assert.match(entries.text, new RegExp(id));
  const elsewhere = await signUp(fixture.url);
  const named = await withKey(token, '/api/widgets/widgets', { tenant: elsewhere.tenant });
  assert.deepEqual([named.status, named.json['code']], [403, 'tenant_refused']);
});

test('AUD-1: a key that tries what asks a person for proof is refused, and the log says so', async () => {
  const { id, token } = await make(owner, { permissions: ['audit:entry.export'] });
  const refused = await withKey(token, '/api/audit/export', { json: { format: 'csv' } });
  assert.deepEqual([refused.status, refused.json['code']], [403, 'api_key_unfit']);
  const { json } = await send(fixture.url, '/api/audit/entries?action=permission.refuse', {
    cookie: owner.cookie,
  });
  const [entry] = json['entries'] as {
    actor: { kind: string; id: string };
    detail: object;
    requestId: string;
  }[];
  assert.deepEqual([entry?.actor.kind, entry?.actor.id], ['api_key', id]);
  assert.deepEqual(entry?.detail, { permission: 'audit:entry.export', procedure: 'audit.export' });
  assert.equal(entry.requestId, refused.headers.get('x-request-id'));
});

test('ACC-4 a revoked key, a foreign one and a slip get one answer', async () => {
  const { id, token } = await make(owner);
  const slip = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  const revoked = await make(owner);
  const ended = await send(fixture.url, `/api/api-keys/${revoked.id}`, {
    method: 'DELETE',
    cookie: owner.cookie,
  });
  assert.equal(ended.status, 200);
  const answers = [];
  for (const each of [slip, revoked.token, `bhk_${'A'.repeat(51)}`]) {
    const { status, json } = await withKey(each, '/api/widgets/widgets');
    answers.push([status, json['code'], json['title']]);
  }
  const answer = [401, 'api_key_refused', 'This API key is not valid, was revoked or has expired.'];
  assert.deepEqual(answers, [answer, answer, answer]);
  assert.equal((await withKey(token, '/api/widgets/widgets')).status, 200);
  assert.ok(id);
});

test('ACC-4 a key is no person: it cannot read a session, make a key or take a step up', async () => {
  const { token } = await make(owner, {
    kind: 'service',
    permissions: ['access:api-key.create', 'access:api-key.read'],
  });
  assert.equal((await withKey(token, '/api/api-keys')).status, 200);
  for (const [path, call] of [
    ['/api/session', {}],
    ['/api/api-keys', { json: wanted }],
  ] as const) {
    const { status, json } = await withKey(token, path, call);
    assert.deepEqual([path, status, json['code']], [path, 403, 'api_key_unfit']);
  }
});

test('ACC-4 a key beside a session cookie says nothing about which is meant', async () => {
  const { token } = await make(owner);
  const { status, json } = await withKey(token, '/api/widgets/widgets', { cookie: owner.cookie });
  assert.deepEqual([status, json['code']], [400, 'credentials_ambiguous']);
});

test('ACC-4 a key follows its maker: what the maker may no longer do, it may not', async () => {
  const admin = await signUp(fixture.url);
  await join(fixture, { host: owner, person: admin, role: 'admin' });
  const { token } = await make({ ...admin, tenant: owner.tenant });
  assert.equal((await withKey(token, '/api/widgets/widgets')).status, 200);
  const { json } = await send(fixture.url, '/api/members', { cookie: owner.cookie });
  const members = json['members'] as { id: string; account: { id: string } }[];
  const id = members.find(({ account }) => account.id === admin.account)?.id;
  const demoted = await send(fixture.url, `/api/members/${id}`, {
    method: 'PUT',
    cookie: owner.cookie,
    json: { role: 'member', moduleRoles: [], companies: null },
  });
  assert.equal(demoted.status, 200, demoted.text);
  // Past what a server trusts of a key that it has read.
  later = 6000;
  const refused = await withKey(token, '/api/widgets/widgets');
  assert.deepEqual([refused.status, refused.json['code']], [403, 'permission_refused']);
});

test('ACC-4 nobody without the permission makes or sees keys', async () => {
  const member = await signUp(fixture.url);
  await join(fixture, { host: owner, person: member, role: 'member' });
  const call = { cookie: member.cookie, tenant: owner.tenant };
  for (const each of [call, { ...call, json: wanted }]) {
    const { status, json } = await send(fixture.url, '/api/api-keys', each);
    assert.deepEqual([status, json['code']], [403, 'permission_refused']);
  }
});
