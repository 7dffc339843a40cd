import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BatchHandlerPlugin } from '@orpc/server/plugins';
import { StandardRPCHandler } from '@orpc/server/standard';
import { os } from '@orpc/server';
import { BatchGuardPlugin } from '../src/rpc/batchGuard.ts';
import type { DispatchContext } from '../src/rpc/dispatch.ts';
import { createRpcHandler } from '../src/rpc/dispatch.ts';
import { ErrorTranslation, rpcErrorResponse } from '../src/rpc/errors.ts';
import { RequestScope } from '../src/rpc/scope.ts';
import { asRole, companyOf, join, openServer, send, signUp, signUpOperator } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let one: Person;
let two: Person;
let company: string;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  one = await signUp(fixture.url);
  two = await signUp(fixture.url);
  company = await companyOf(fixture.url, one);
});
after(async () => {
  await fixture.close();
});

type Member = { url: string; method?: string; headers?: Record<string, string>; body?: unknown };

const create = (name: string, extra: Partial<Member> = {}): Member => ({
  url: `${fixture.url}/rpc/widgets/create`,
  body: { json: { name, size: 1 } },
  ...extra,
});

async function batch(members: unknown, call: { person?: Person; tenant?: string } = {}) {
  const person = call.person ?? one;
  return send(fixture.url, '/rpc/__batch__', {
    cookie: person.cookie,
    company,
    tenant: call.tenant,
    headers: { 'x-orpc-batch': 'buffered' },
    json: members,
  });
}

async function widgets(): Promise<string[]> {
  const { rows } = await asRole(fixture.database, 'superuser', (client) =>
    client.query<{ name: string }>('select name from widgets.widget order by name'),
  );
  return rows.map(({ name }) => name);
}

type Refused = { actor: { kind: string; id: string } }[];

async function refusalsOf(person: Person): Promise<Refused> {
  const answer = await send(fixture.url, '/api/audit/entries?action=batch.refused', {
    cookie: person.cookie,
  });
  return answer.json['entries'] as Refused;
}

const auditedRefusals = async (person: Person): Promise<number> => (await refusalsOf(person)).length;

test('a batch runs its members and answers each', async () => {
  const answer = await batch([create('a'), create('a'), { url: `${fixture.url}/rpc/widgets/none` }]);
  assert.equal(answer.status, 207);
  const members = answer.json as unknown as {
    index: number;
    status?: number;
    body: { json: { code?: string } };
  }[];
  const byIndex = members.toSorted((left, right) => left.index - right.index);
  assert.deepEqual(
    byIndex.map(({ status, body }) => [status, body.json.code]),
    [
      [200, undefined],
      [409, 'already_exists'],
      [404, 'not_found'],
    ],
  );
});

const straddling: { name: string; second: () => Member }[] = [
  { name: 'a header of its own', second: () => create('y', { headers: { 'bulkhead-tenant': two.tenant } }) },
  {
    name: 'a header in capitals',
    second: () => create('y', { headers: { 'Bulkhead-Tenant': two.tenant.toUpperCase() } }),
  },
  {
    name: 'a tenantId in its input',
    second: () => create('y', { body: { json: { name: 'y', size: 1, tenantId: two.tenant } } }),
  },
  {
    name: 'a tenant_id deep in its input',
    second: () => create('y', { body: { json: { rows: [{ tenant_id: two.tenant }] } } }),
  },
  {
    name: 'a tenant that is none',
    second: () => create('y', { headers: { 'bulkhead-tenant': 'nonsense' } }),
  },
];

for (const { name, second } of straddling) {
  test(`ISO-9 a batch with a member that names another tenant by ${name} is refused whole, counted and audited`, async () => {
    const before = {
      rows: await widgets(),
      entries: await auditedRefusals(one),
      counters: fixture.server.counters(),
    };
    const answer = await batch([create('x'), second(), create('z')]);
    const { code, status } = answer.json['json'] as { code: string; status: number };
    assert.deepEqual([answer.status, status, code], [403, 403, 'batch_straddles_tenants']);
    assert.deepEqual(await widgets(), before.rows);
    assert.equal(await auditedRefusals(one), before.entries + 1);
    const { batchesRefused, refusals } = fixture.server.counters();
    assert.equal(batchesRefused, before.counters.batchesRefused + 1);
    assert.equal(
      refusals.batch_straddles_tenants ?? 0,
      (before.counters.refusals.batch_straddles_tenants ?? 0) + 1,
    );
    assert.equal(await auditedRefusals(two), 0);
  });
}

test('ISO-9 an account of two tenants cannot mix them in one batch either', async () => {
  const both = await signUp(fixture.url);
  await join(fixture, { host: one, person: both, role: 'admin' });
  const second = create('mixed', { headers: { 'bulkhead-tenant': both.tenant } });
  const mixed = await batch([create('mixed too'), second], { person: both, tenant: one.tenant });
  assert.equal((mixed.json['json'] as { code: string }).code, 'batch_straddles_tenants');
  const unplaced = await batch([second], { person: both });
  assert.equal((unplaced.json['json'] as { code: string }).code, 'batch_straddles_tenants');
  assert.ok(!(await widgets()).some((name) => name.startsWith('mixed')));
  const same = create('kept', { headers: { 'bulkhead-tenant': one.tenant } });
  assert.equal((await batch([same], { person: both, tenant: one.tenant })).status, 207);
});

test('ISO-9 a member brings no identity of its own: its cookie and other headers are ignored', async () => {
  const stolen = create('stolen', { headers: { cookie: two.cookie, authorization: 'Bearer x' } });
  assert.equal((await batch([stolen])).status, 207);
  const { rows } = await asRole(fixture.database, 'superuser', (client) =>
    client.query<{ tenant_id: string }>(`select tenant_id from widgets.widget where name = 'stolen'`),
  );
  assert.deepEqual(rows, [{ tenant_id: one.tenant }]);
});

async function keyOf(person: Person): Promise<{ id: string; call: { headers: Record<string, string> } }> {
  const { status, text, json } = await send(fixture.url, '/api/api-keys', {
    cookie: person.cookie,
    json: { name: 'Nightly', permissions: ['widgets:widget.read', 'widgets:widget.create'] },
  });
  assert.equal(status, 201, text);
  const authorization = `Bearer ${String(json['token'])}`;
  return { id: String(json['id']), call: { headers: { authorization, 'x-orpc-batch': 'buffered' } } };
}

test('ISO-9 an API key names its own tenant in a batch, and is refused whole and audited with another', async () => {
  const { id, call } = await keyOf(one);
  const own = create('by key', { headers: { 'bulkhead-tenant': one.tenant } });
  const done = await send(fixture.url, '/rpc/__batch__', { ...call, company, json: [own] });
  assert.equal(done.status, 207, done.text);
  assert.ok((await widgets()).includes('by key'), done.text);
  const foreign = create('by key too', { headers: { 'bulkhead-tenant': two.tenant } });
  const unnamed = await send(fixture.url, '/rpc/__batch__', { ...call, company, json: [own, foreign] });
  assert.equal((unnamed.json['json'] as { code: string }).code, 'batch_straddles_tenants');
  const elsewhere = await send(fixture.url, '/rpc/__batch__', { ...call, tenant: two.tenant, json: [own] });
  assert.equal((elsewhere.json['json'] as { code: string }).code, 'batch_straddles_tenants');
  const byKey = (await refusalsOf(one)).filter(({ actor }) => actor.kind === 'api_key');
  assert.deepEqual(
    byKey.map(({ actor }) => actor.id),
    [id, id],
  );
  assert.equal(await auditedRefusals(two), 0);
  const forged = { headers: { ...call.headers, authorization: `Bearer bhk_${'A'.repeat(51)}` } };
  const refused = await send(fixture.url, '/rpc/__batch__', { ...forged, json: [own] });
  assert.equal((refused.json['json'] as { code: string }).code, 'batch_straddles_tenants');
});

test('ISO-9 ACC-3 an operator’s straddling batch is in the log of the tenant it stays in', async () => {
  const operator = await signUpOperator(fixture);
  const json = { tenant: one.tenant, reason: 'Ticket 4711: totals of March are off' };
  const entered = await send(fixture.url, '/api/operator/stays', { cookie: operator.cookie, json });
  assert.equal(entered.status, 201, entered.text);
  const foreign = create('x', { headers: { 'bulkhead-tenant': two.tenant } });
  await batch([foreign], { person: operator, tenant: one.tenant });
  await batch([create('y', { headers: { 'bulkhead-tenant': one.tenant } })], {
    person: operator,
    tenant: two.tenant,
  });
  const byOperator = (await refusalsOf(one)).filter(({ actor }) => actor.kind === 'operator');
  assert.deepEqual(
    byOperator.map(({ actor }) => actor.id),
    [operator.account],
  );
  assert.equal(await auditedRefusals(two), 0);
});

const malformed: { name: string; members: unknown; status: number; code: string }[] = [
  { name: 'no list', members: { url: 'x' }, status: 400, code: 'batch_malformed' },
  { name: 'an empty list', members: [], status: 400, code: 'batch_malformed' },
  { name: 'a member without address', members: [{ body: {} }], status: 400, code: 'batch_malformed' },
  {
    name: 'a member that is a GET',
    members: [{ url: 'http://x/rpc/widgets/list', method: 'GET' }],
    status: 400,
    code: 'batch_malformed',
  },
  {
    name: 'an unknown key',
    members: [{ url: 'http://x/rpc/widgets/list', as: 'owner' }],
    status: 400,
    code: 'batch_malformed',
  },
  {
    name: 'more members than allowed',
    members: Array.from({ length: 6 }, () => ({ url: 'http://x/rpc/widgets/list' })),
    status: 413,
    code: 'batch_too_large',
  },
  {
    name: 'a company of its own',
    members: [
      {
        url: 'http://x/rpc/widgets/list',
        headers: { 'bulkhead-company': '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11' },
      },
    ],
    status: 400,
    code: 'batch_member_placed',
  },
  {
    name: 'another header of this server',
    members: [{ url: 'http://x/rpc/widgets/list', headers: { 'bulkhead-actor': 'x' } }],
    status: 400,
    code: 'batch_member_placed',
  },
];

for (const { name, members, status, code } of malformed) {
  test(`a batch with ${name} is refused with ${status} ${code}`, async () => {
    const answer = await batch(members);
    assert.deepEqual([answer.status, (answer.json['json'] as { code: string }).code], [status, code]);
  });
}

/** The handler as production composes it, with the plug-ins given: the seam where a mutation takes one out. */
function handlerWith(plugins: BatchGuardPlugin<DispatchContext>[]) {
  const ran: string[] = [];
  const router = {
    touch: os.$context<DispatchContext>().handler(() => {
      ran.push('touch');
      return 'touched';
    }),
  };
  const errors = new ErrorTranslation({ answers: new Map(), report: () => {} });
  const guard = (_meta: unknown, scope: RequestScope) => Promise.resolve({ scope });
  const handler = createRpcHandler({ router, guard, errors }, { plugins, maxMembers: 5 });
  return { handler, ran };
}

const foreignBatch = [
  { url: 'http://x/rpc/touch', body: {} },
  {
    url: 'http://x/rpc/touch',
    body: {},
    headers: { 'bulkhead-tenant': 'b2b7e5a8-6a0c-4d6e-9f58-0b1d2c3e4f50' },
  },
];

async function straddle(plugins: BatchGuardPlugin<DispatchContext>[]) {
  const { handler, ran } = handlerWith(plugins);
  const scope = new RequestScope({
    id: 'request-1',
    ip: '192.0.2.1',
    userAgent: undefined,
    placement: { tenant: '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11', company: undefined },
    token: undefined,
    authenticate: () => Promise.resolve(null),
  });
  const { response } = await handler.handle(
    {
      method: 'POST',
      url: new URL('http://x/rpc/__batch__'),
      headers: { 'x-orpc-batch': 'buffered' },
      body: () => Promise.resolve(foreignBatch),
      signal: undefined,
    },
    { prefix: '/rpc', context: { scope } },
  );
  return { status: response?.status, ran: ran.length };
}

test('ISO-9 with the guard plugged in, nothing of a straddling batch runs', async () => {
  const guard = new BatchGuardPlugin<DispatchContext>({
    maxMembers: 5,
    homeOf: () => Promise.resolve(undefined),
    onRefused: () => Promise.resolve(),
    answer: rpcErrorResponse,
  });
  assert.deepEqual(await straddle([guard]), { status: 403, ran: 0 });
});

test('ISO-9 mutation: without the guard, the same batch runs whole', async () => {
  assert.deepEqual(await straddle([]), { status: 207, ran: 2 });
});

test('ISO-9 the guard runs in front of oRPC’s batch plug-in, whatever the order they are given in', () => {
  const guard = new BatchGuardPlugin<DispatchContext>({
    maxMembers: 5,
    homeOf: () => Promise.resolve(undefined),
    onRefused: () => Promise.resolve(),
    answer: rpcErrorResponse,
  });
  assert.ok(guard.order > new BatchHandlerPlugin().order);
  assert.ok(new StandardRPCHandler({}, { plugins: [guard] }) instanceof StandardRPCHandler);
});
