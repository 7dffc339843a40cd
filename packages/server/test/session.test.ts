import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cookieOf, goodPassword, join, openServer, send, signUp } from './fixture.ts';
import type { Answer, Fixture, Person } from './fixture.ts';
import { innerDetail, widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let person: Person;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  person = await signUp(fixture.url);
});
after(async () => {
  await fixture.close();
});

const signIn = (email: string, password: string, cookie?: string) =>
  send(fixture.url, '/api/session', { cookie, json: { email, password } });

/** An answer without what differs between any two. */
function comparable({ status, headers, json }: Answer) {
  const { requestId: _requestId, ...body } = json;
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date', 'content-length'].includes(name));
  return { status, headers: Object.fromEntries(kept), body };
}

test('AUT-12 an unknown account and a wrong password get the same answer', async () => {
  const answers = [
    await signIn(person.email, 'a wrong but long password'),
    await signIn('nobody@example.org', 'a wrong but long password'),
    await signIn('nobody@example.org', goodPassword),
    await signIn('not an address', goodPassword),
    await signIn(person.email, 'short'),
  ];
  const [first, ...others] = answers.map(comparable);
  assert.deepEqual([first?.status, first?.body['code']], [401, 'sign_in_refused']);
  for (const other of others) assert.deepEqual(other, first);
  for (const { headers } of answers) assert.deepEqual(headers.getSetCookie(), []);
});

test('a new sign-in gives a new session and ends the browser’s old one', async () => {
  const before = await signIn(person.email, goodPassword);
  const after = await signIn(person.email, goodPassword, cookieOf(before));
  assert.notEqual(cookieOf(after), cookieOf(before));
  assert.equal((await send(fixture.url, '/api/session', { cookie: cookieOf(before) })).status, 401);
  assert.equal((await send(fixture.url, '/api/session', { cookie: cookieOf(after) })).status, 200);
});

test('cookies that are none of ours open nothing', async () => {
  const token = person.cookie.split('=')[1] ?? '';
  const cookies = [
    `__Host-bulkhead=${token.slice(0, -1)}`,
    `__Host-bulkhead=${token}x`,
    `__Host-bulkhead=${'A'.repeat(43)}`,
    '__Host-bulkhead=',
    `bulkhead=${token}`,
    `${person.cookie}; ${person.cookie}`,
    `__Host-bulkhead=' or true --`,
  ];
  for (const cookie of cookies) {
    const { status, json } = await send(fixture.url, '/api/session', { cookie });
    assert.deepEqual([status, json['code']], [401, 'signed_out'], cookie);
  }
});

test('the session tells the permissions of each membership', async () => {
  const { json } = await send(fixture.url, '/api/session', { cookie: person.cookie });
  const [membership] = json['memberships'] as { role: string; permissions: string[] }[];
  assert.equal(membership?.role, 'owner');
  assert.ok(membership.permissions.includes('widgets:widget.create'));
  assert.ok(membership.permissions.includes('access:member.change'));
});

test('ACC-1 a tenant one is no member of is refused, and a choice is asked of a member of two', async () => {
  const other = await signUp(fixture.url);
  const foreign = await send(fixture.url, '/api/tenant', { cookie: person.cookie, tenant: other.tenant });
  assert.deepEqual([foreign.status, foreign.json['code']], [403, 'tenant_refused']);
  await join(fixture, { host: person, person: other, role: 'member' });
  const unplaced = await send(fixture.url, '/api/tenant', { cookie: other.cookie });
  assert.deepEqual([unplaced.status, unplaced.json['code']], [400, 'tenant_required']);
  for (const tenant of [person.tenant, other.tenant]) {
    const placed = await send(fixture.url, '/api/tenant', { cookie: other.cookie, tenant });
    assert.equal(placed.json['id'], tenant);
  }
});

test('ISO-8 a membership limited to companies reaches no other', async () => {
  const made = await Promise.all(
    ['North', 'South', 'West'].map((name) =>
      send(fixture.url, '/api/companies', { cookie: person.cookie, json: { name } }),
    ),
  );
  const [north = '', south = '', west = ''] = made.map(({ json }) => String(json['id']));
  for (const company of [north, south, west]) {
    const answer = await send(fixture.url, '/api/widgets/widgets', {
      cookie: person.cookie,
      company,
      json: { name: `of ${company}`, size: 1 },
    });
    assert.equal(answer.status, 201);
  }
  const limited = await signUp(fixture.url);
  const roles = { role: 'member', moduleRoles: ['widgets:maker'], companies: [north, south] };
  await join(fixture, { host: person, person: limited, ...roles });
  const as = { cookie: limited.cookie, tenant: person.tenant };
  const unplaced = await send(fixture.url, '/api/widgets/widgets', as);
  assert.deepEqual([unplaced.status, unplaced.json['code']], [400, 'company_required']);
  const refused = await send(fixture.url, '/api/widgets/widgets', { ...as, company: west });
  assert.deepEqual([refused.status, refused.json['code']], [403, 'company_refused']);
  const seen = await send(fixture.url, '/api/widgets/widgets', { ...as, company: north });
  const names = (seen.json['widgets'] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, [`of ${north}`]);
  const listed = await send(fixture.url, '/api/companies', as);
  const companies = (listed.json['companies'] as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(companies, ['North', 'South']);
});

test('ACC-1 a role taken away is gone with the next request', async () => {
  const member = await signUp(fixture.url);
  await join(fixture, { host: person, person: member, role: 'member', moduleRoles: ['widgets:viewer'] });
  const as = { cookie: member.cookie, tenant: person.tenant };
  assert.equal((await send(fixture.url, '/api/widgets/widgets', as)).status, 200);
  const { json } = await send(fixture.url, '/api/members', { cookie: person.cookie });
  const members = json['members'] as { id: string; account: { id: string } }[];
  const id = members.find(({ account }) => account.id === member.account)?.id;
  const changed = await send(fixture.url, `/api/members/${id}`, {
    method: 'PUT',
    cookie: person.cookie,
    json: { role: 'member', moduleRoles: [], companies: null },
  });
  assert.equal(changed.status, 200);
  assert.equal((await send(fixture.url, '/api/widgets/widgets', as)).status, 403);
  const removed = await send(fixture.url, `/api/members/${id}`, { method: 'DELETE', cookie: person.cookie });
  assert.equal(removed.status, 200);
  assert.equal((await send(fixture.url, '/api/tenant', as)).json['code'], 'tenant_refused');
});

test('ACC-1 the last owner stays, and a role of no module is refused', async () => {
  const { json } = await send(fixture.url, '/api/members', { cookie: person.cookie });
  const members = json['members'] as { id: string; role: string }[];
  const owner = members.find(({ role }) => role === 'owner')?.id;
  const change = (body: object) =>
    send(fixture.url, `/api/members/${owner}`, { method: 'PUT', cookie: person.cookie, json: body });
  const demoted = await change({ role: 'member', moduleRoles: [], companies: null });
  assert.deepEqual([demoted.status, demoted.json['code']], [409, 'last_owner']);
  const unknown = await change({ role: 'member', moduleRoles: ['nobody:knows'], companies: null });
  assert.deepEqual([unknown.status, unknown.json['code']], [400, 'role_invalid']);
});

test('T-57 what a fault held is in the log and in no answer, a stream’s included', async () => {
  const paths = ['fail?how=throw', 'fail?how=stray', 'fail?how=query', 'watch'];
  for (const path of paths) {
    const { text } = await send(fixture.url, `/api/widgets/${path}`, { cookie: person.cookie });
    assert.doesNotMatch(text, new RegExp(`${innerDetail}|innerDetail|nowhere|\\.ts:`), path);
    assert.match(text, /"internal"/);
  }
  const faults = fixture.log.filter((line) => line.includes('"event":"fault"'));
  assert.ok(faults.some((line) => line.includes(innerDetail)));
});

test('the log has one line a request, and no secret in any', async () => {
  const { headers } = await signIn(person.email, goodPassword);
  const token = cookieOf({ headers }).split('=')[1] ?? 'none';
  const id = headers.get('x-request-id') ?? '';
  await send(fixture.url, '/api/session', {
    json: { email: person.email, password: goodPassword, extra: goodPassword },
    headers: { authorization: `Bearer ${goodPassword}` },
  });
  const lines = fixture.log.filter((line) => line.includes(id));
  assert.equal(lines.length, 1);
  const { time: _time, ms, ...line } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(typeof ms, 'number');
  assert.deepEqual(line, {
    level: 'info',
    event: 'request',
    requestId: id,
    method: 'POST',
    route: '/api/session',
    status: 200,
    procedure: 'session.signIn',
  });
  const everything = fixture.log.join('\n');
  for (const secret of [goodPassword, token, person.cookie.split('=')[1] ?? 'none']) {
    assert.ok(!everything.includes(secret));
  }
  assert.ok(!everything.includes(person.email));
});
