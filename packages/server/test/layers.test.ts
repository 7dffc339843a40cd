import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TenantPool } from '@bulkhead/kernel';
import { identityDependencies } from '@bulkhead/platform/identity';
import type { Session } from '@bulkhead/platform/identity';
import { createRouterClient } from '@orpc/server';
import pg from 'pg';
import { mergeAccess } from '../src/access.ts';
import { createGuard } from '../src/rpc/guard.ts';
import { RequestScope } from '../src/rpc/scope.ts';
import { createAuthenticate } from '../src/session/authenticate.ts';
import { asRole, companyOf, join, openServer, send, signUp, signUpOperator } from './fixture.ts';
import { testCipher } from '../../../test/harness/cipher.ts';
import type { Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

/** Each layer stands alone: a test takes the others away and shows that the one left still holds. */
const { module } = widgetsModule();
let fixture: Fixture;
let one: Person;
let two: Person;
let companies: { one: string; two: string };
let tenants: TenantPool;
let identity: pg.Pool;

before(async () => {
  fixture = await openServer([module]);
  one = await signUp(fixture.url);
  two = await signUp(fixture.url);
  companies = { one: await companyOf(fixture.url, one), two: await companyOf(fixture.url, two) };
  for (const [person, company] of [
    [one, companies.one],
    [two, companies.two],
  ] as const) {
    const json = { name: `of ${person.tenant}`, size: 1 };
    await send(fixture.url, '/api/widgets/widgets', { cookie: person.cookie, company, json });
  }
  tenants = new TenantPool({ connection: fixture.database.connections.app, sealer: fixture.database.sealer });
  identity = new pg.Pool(fixture.database.connections.identity);
  identity.on('error', () => {});
});
after(async () => {
  await Promise.all([tenants.close(), identity.end()]);
  await fixture.close();
});

type Widgets = { list: (input: undefined) => Promise<{ widgets: { name: string }[] }> };

/** The module's handlers with nothing in front of them: no HTTP, no session, no permission. */
function unguarded(context: Record<string, unknown>): Widgets {
  return createRouterClient(module.router, { context }) as unknown as Widgets;
}

test('ISO-3 without session, membership and permission checks, the database still shows one tenant only', async () => {
  const session = tenants.as({ tenant: one.tenant, actor: { kind: 'account', id: two.account } });
  const { widgets } = await unguarded({ session }).list(undefined);
  assert.deepEqual(
    widgets.map(({ name }) => name),
    [`of ${one.tenant}`],
  );
});

test('ISO-3 without a context, the app role sees and writes nothing', async () => {
  await asRole(fixture.database, 'app', async (client) => {
    assert.deepEqual((await client.query('select * from widgets.widget')).rows, []);
    await assert.rejects(client.query(`insert into widgets.widget (name, size) values ('x', 1)`));
  });
});

test('ISO-5 a context that this server did not seal is refused by the database, whatever the code above says', async () => {
  const forged = new TenantPool({
    connection: fixture.database.connections.app,
    sealer: {
      seal: () =>
        `bh1.${'0'.repeat(8)}.4102444800.${one.tenant}.*.account.${two.account}.-.${'0'.repeat(64)}`,
    } as never,
  });
  try {
    const session = forged.as({ tenant: one.tenant, actor: { kind: 'account', id: two.account } });
    await assert.rejects(unguarded({ session }).list(undefined));
  } finally {
    await forged.close();
  }
});

const scopeOf = (person: Person, tenant: string | undefined) => {
  const dependencies = identityDependencies({
    pool: identity,
    sealer: fixture.database.sealer,
    cipher: testCipher(),
  });
  return new RequestScope({
    id: 'request-1',
    ip: '192.0.2.1',
    userAgent: undefined,
    placement: { tenant, company: undefined },
    token: person.cookie.split('=')[1],
    authenticate: createAuthenticate(dependencies, []),
  });
};

/** A database that would answer anything: what is left is the guard alone. */
const wideOpen = { as: () => ({}) as never };
const readProgram = () => Promise.reject(new Error('nobody presents a key here'));
const readStay = () => Promise.resolve(null);
const assertFreshProof = () => Promise.resolve();
const assertOrigin = () => Promise.resolve();
const guarding = {
  db: wideOpen,
  access: mergeAccess([module]),
  readProgram,
  readStay,
  assertOrigin,
  assertFreshProof,
};
const read = { permission: 'widgets:widget.read', rate: 'read' } as const;

test('ACC-1 without the database’s walls, the guard alone keeps a stranger out of a tenant', async () => {
  const guard = createGuard(guarding);
  await assert.rejects(guard(read, scopeOf(two, one.tenant)), {
    message: 'You are not a member of this tenant.',
  });
});

test('ACC-1 without the database’s walls, the guard alone keeps a member to the role', async () => {
  const member = await signUp(fixture.url);
  await join(fixture, { host: one, person: member, role: 'member' });
  const guard = createGuard(guarding);
  await assert.rejects(guard(read, scopeOf(member, one.tenant)), { code: 'permission_refused' });
});

test('ACC-1 a procedure whose permission got lost lets nobody in, owners included', async () => {
  const guard = createGuard(guarding);
  await assert.rejects(guard({}, scopeOf(one, undefined)), { code: 'permission_refused' });
});

test('ACC-3 nobody but an operator passes the guard of what is operators’, and not one who came by a tenant’s provider', async () => {
  const guard = createGuard(guarding);
  const operators = { permission: 'signed-in', rate: 'read', operator: true } as const;
  const operator = await signUpOperator(fixture);
  const confined = Object.assign(scopeOf(operator, undefined), {
    session: confinedSession,
    freshSession: confinedSession,
  });
  async function confinedSession() {
    const session = await scopeOf(operator, undefined).freshSession();
    assert.ok(session?.account.operator);
    return { ...session, confinedTo: one.tenant } as Session;
  }
  await assert.rejects(guard(operators, scopeOf(one, undefined)), { code: 'permission_refused' });
  await assert.rejects(guard(operators, confined), { code: 'single_sign_on_confined' });
  await assert.rejects(guard({ ...operators, confined: true }, confined), { code: 'permission_refused' });
  await guard(operators, scopeOf(operator, undefined));
  // The mutation: without the mark, the same stranger passes.
  await guard({ ...operators, operator: false }, scopeOf(one, undefined));
});

test('ISO-3 a foreign id gets the answer of an id that does not exist', async () => {
  const { json } = await send(fixture.url, '/api/widgets/widgets', { cookie: two.cookie });
  const [foreign] = json['widgets'] as { id: string }[];
  const ids = [foreign?.id ?? '', '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11'];
  const answers = await Promise.all(
    ids.map((id) => send(fixture.url, `/api/widgets/widgets/${id}`, { cookie: one.cookie })),
  );
  const bodies = answers.map(({ status, json: { requestId: _requestId, ...body } }) => ({ status, body }));
  assert.equal(bodies[0]?.status, 404);
  assert.deepEqual(bodies[0], bodies[1]);
});
