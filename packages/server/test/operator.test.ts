import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asRole, companyOf, openServer, send, signUp, signUpOperator } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

const { module } = widgetsModule();
let fixture: Fixture;
let operator: Person;
before(async () => {
  fixture = await openServer([module]);
  operator = await promoted();
});
after(() => fixture.close());

const reason = 'Ticket 4711: totals of March are off';

const promoted = (): Promise<Person> => signUpOperator(fixture);

const enter = (person: Person, tenant: string, changes: object = {}) =>
  send(fixture.url, '/api/operator/stays', { cookie: person.cookie, json: { tenant, reason, ...changes } });
const widgets = (person: Person, tenant: string, change: { json?: object; company?: string } = {}) =>
  send(fixture.url, '/api/widgets/widgets', { cookie: person.cookie, tenant, ...change });

test('ACC-3 an operator reaches a tenant only during a stay, and only looks unless asked to change', async () => {
  const customer = await signUp(fixture.url);
  const outside = await widgets(operator, customer.tenant);
  assert.deepEqual([outside.status, outside.json['code']], [403, 'tenant_refused']);
  const entered = await enter(operator, customer.tenant);
  assert.equal(entered.status, 201, entered.text);
  assert.equal(entered.json['mode'], 'read');
  assert.equal((await widgets(operator, customer.tenant)).status, 200);
  const change = await widgets(operator, customer.tenant, { json: { name: 'x', size: 1 } });
  assert.deepEqual([change.status, change.json['code']], [403, 'permission_refused']);
  const invite = await send(fixture.url, '/api/invites', {
    cookie: operator.cookie,
    tenant: customer.tenant,
    json: { email: 'me@example.org', role: 'owner' },
  });
  assert.equal(invite.status, 403);
});

test('ACC-3 the tenant sees who came and why, in its audit log too, and shows the operator out at once', async () => {
  const customer = await signUp(fixture.url);
  await enter(operator, customer.tenant, { mode: 'change' });
  const made = await widgets(operator, customer.tenant, {
    json: { name: 'By an operator', size: 1 },
    company: await companyOf(fixture.url, customer),
  });
  assert.equal(made.status, 201, made.text);
  const entries = await send(fixture.url, '/api/audit/entries', { cookie: customer.cookie });
  const byOperator = (
    entries.json['entries'] as { actor: { kind: string; id: string }; action: string }[]
  ).filter(({ actor }) => actor.kind === 'operator');
  assert.deepEqual(
    byOperator.map(({ action, actor }) => [action, actor.id]),
    [
      ['insert', operator.account],
      ['insert', operator.account],
    ],
  );
  const { json } = await send(fixture.url, '/api/operator-visits', { cookie: customer.cookie });
  const [visit] = json['visits'] as { id: string; reason: string; endedAt: string | null }[];
  assert.deepEqual([visit?.reason, visit?.endedAt], [reason, null]);
  const ended = await send(fixture.url, `/api/operator-visits/${visit?.id}`, {
    method: 'DELETE',
    cookie: customer.cookie,
  });
  assert.equal(ended.status, 200, ended.text);
  const after = await widgets(operator, customer.tenant);
  assert.deepEqual([after.status, after.json['code']], [403, 'tenant_refused']);
});

test('ACC-3 nobody but an operator finds or enters a tenant', async () => {
  const [person, customer] = [await signUp(fixture.url), await signUp(fixture.url)];
  for (const answer of [
    await enter(person, customer.tenant),
    await send(fixture.url, '/api/operator/tenants?part=Tenant', { cookie: person.cookie }),
    await send(fixture.url, `/api/operator/stays/${customer.tenant}`, { cookie: person.cookie }),
  ]) {
    assert.deepEqual([answer.status, answer.json['code']], [403, 'permission_refused']);
  }
  const found = await send(fixture.url, '/api/operator/tenants?part=tenant', { cookie: operator.cookie });
  const names = (found.json['tenants'] as { id: string }[]).map(({ id }) => id);
  assert.ok(names.includes(customer.tenant));
});

test('ACC-3 an operator leaves, and a promotion that ends takes the stays with it', async () => {
  const [second, customer] = [await promoted(), await signUp(fixture.url)];
  await enter(second, customer.tenant);
  const left = await send(fixture.url, `/api/operator/stays/${customer.tenant}`, {
    method: 'DELETE',
    cookie: second.cookie,
  });
  assert.equal(left.status, 200, left.text);
  assert.equal((await widgets(second, customer.tenant)).status, 403);
  await enter(second, customer.tenant);
  await asRole(fixture.database, 'owner', (client) =>
    client.query('select identity.revoke_operator($1, $2)', [second.email, 'Left the support team']),
  );
  assert.equal((await widgets(second, customer.tenant)).status, 403);
});
