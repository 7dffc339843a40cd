import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { digestOfCall, ServiceVerifier, type ServiceCall } from '@bulkhead/platform/service';
import { fastify } from 'fastify';
import type { AddressInfo } from 'node:net';
import { guardInternal } from '../src/internal/guard.ts';
import { createServer, type Server } from '../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { testConfig } from '../../../test/harness/config.ts';
import { signUp, type Person } from './fixture.ts';

const secret = randomBytes(24).toString('hex');
const previousSecret = randomBytes(24).toString('hex');
const userKey = randomBytes(32);
const userKeyId = '0a0b0c0d';

describe('internal endpoints (ACC-5)', () => {
  let database: TestDatabase;
  let server: Server;
  let outside: string;
  let inside: string;
  let person: Person;
  before(async () => {
    database = await createTestDatabase({ template: 'full' });
    const config = testConfig(database, {
      internal: { port: 0, secret, previousSecret, userKeyId, userKey: userKey.toString('hex') },
    });
    server = createServer(config, [], { logStream: { write: () => {} } });
    const { port } = await server.listen();
    outside = `http://127.0.0.1:${port}`;
    inside = `http://127.0.0.1:${server.internalAddress?.port}`;
    person = await signUp(outside);
  });
  after(async () => {
    await server.close({ force: true });
    await database.drop();
  });

  const ask = async (base: string, path: string, options: { secret?: string; json?: unknown } = {}) => {
    const answer = await fetch(`${base}${path}`, {
      headers: {
        ...(options.secret === undefined ? {} : { 'bulkhead-internal': options.secret }),
        ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.json === undefined ? {} : { method: 'POST', body: JSON.stringify(options.json) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('answer on their own listener to who shows the secret, the one before it included', async () => {
    for (const shown of [secret, previousSecret]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status, body } = await ask(inside, '/internal/health', { secret: shown });
      assert.equal(status, 200);
      assert.equal(body['ready'], true);
    }
  });

  it('refuse everything else with one answer', async () => {
    const wrong = [
      undefined,
      '',
      'x',
      secret.slice(0, -1),
      `${secret}x`,
      secret.toUpperCase(),
      `${secret}, ${secret}`,
    ];
    for (const shown of wrong) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status, body } = await ask(
        inside,
        '/internal/health',
        shown === undefined ? {} : { secret: shown },
      );
      assert.equal(status, 401, String(shown));
      assert.equal(body['code'], 'internal_refused');
      assert.equal(body['title'], 'This is not for you.');
    }
    // Not even which addresses there are.
    assert.equal((await ask(inside, '/internal/nothing')).status, 401);
    assert.equal((await ask(inside, '/healthz', { secret })).status, 404);
  });

  it('do not exist on the public listener, whatever secret is shown', async () => {
    assert.equal((await ask(outside, '/internal/health', { secret })).status, 404);
    assert.equal((await ask(outside, '/internal/user-token', { secret, json: {} })).status, 404);
    // Mounted there by mistake, the guard still knows on which listener a request came.
    const publicApp = fastify();
    guardInternal(publicApp, { secrets: () => [secret], port: () => server.internalAddress?.port });
    publicApp.get('/internal/health', () => ({ leaked: true }));
    await publicApp.listen({ host: '127.0.0.1', port: 0 });
    const { port } = publicApp.server.address() as AddressInfo;
    assert.equal((await ask(`http://127.0.0.1:${port}`, '/internal/health', { secret })).status, 404);
    await publicApp.close();
  });

  it('turn a user’s credential into a token for one call, which the service verifies by itself', async () => {
    const call: ServiceCall = { method: 'POST', target: '/orders', body: '{"quantity":2}' };
    const cookie = /__Host-bulkhead=([^;]+)/.exec(person.cookie)?.[1] ?? '';
    const { status, body } = await ask(inside, '/internal/user-token', {
      secret,
      json: { credential: { cookie }, audience: 'orders', request: digestOfCall(call) },
    });
    assert.equal(status, 200);
    assert.equal(body['header'], 'bulkhead-user');
    const verifier = new ServiceVerifier({
      audience: 'orders',
      keys: [{ id: userKeyId, secret: userKey, issuer: 'bulkhead' }],
    });
    const { user, issuer } = await verifier.verify(String(body['value']), call);
    assert.equal(issuer, 'bulkhead');
    assert.equal(user.tenant, person.tenant);
    assert.deepEqual(user.actor, { kind: 'account', id: person.account });
    assert.ok(user.permissions.includes('access:member.read'));
  });

  it('take the user from the credential alone (T-46)', async () => {
    const other = await signUp(outside);
    const cookie = /__Host-bulkhead=([^;]+)/.exec(person.cookie)?.[1] ?? '';
    const request = digestOfCall({ method: 'GET', target: '/' });
    const json = { credential: { cookie }, audience: 'orders', request };
    const foreign = await ask(inside, '/internal/user-token', {
      secret,
      json: { ...json, tenant: other.tenant },
    });
    assert.equal(foreign.status, 403);
    assert.equal(foreign.body['code'], 'tenant_refused');
    const named = await ask(inside, '/internal/user-token', {
      secret,
      json: { ...json, userId: other.account },
    });
    assert.equal(named.status, 400);
    const nobody = await ask(inside, '/internal/user-token', {
      secret,
      json: { ...json, credential: { cookie: 'A'.repeat(43) } },
    });
    assert.equal(nobody.status, 401);
    const both = await ask(inside, '/internal/user-token', {
      secret,
      json: { ...json, credential: { cookie, authorization: 'Bearer x.y.z' } },
    });
    assert.equal(both.body['code'], 'credentials_ambiguous');
  });

  it('are off unless configured, and then refuse to start without a secret', async () => {
    assert.throws(() => testConfig(database, { internal: { port: 0 } }), /internal\.secret/);
    const quiet = createServer(testConfig(database), [], { logStream: { write: () => {} } });
    await quiet.listen();
    assert.equal(quiet.internalAddress, undefined);
    await quiet.close({ force: true });
  });
});

describe('mutations of the internal guard: without a half of it its attack succeeds (ACC-5)', () => {
  const openWith = async (options: Parameters<typeof guardInternal>[1]) => {
    const app = fastify();
    guardInternal(app, options);
    app.get('/internal/health', () => ({ reached: true }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { app, port: (app.server.address() as AddressInfo).port };
  };
  const reach = async (port: number, shown: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/internal/health`, {
      headers: { 'bulkhead-internal': shown },
    });
    return answer.status;
  };

  it('a port that always agrees lets the public listener in', async () => {
    let port = 0;
    const opened = await openWith({ secrets: () => [secret], port: () => port });
    assert.equal(await reach(opened.port, secret), 404);
    ({ port } = opened);
    assert.equal(await reach(opened.port, secret), 200);
    await opened.app.close();
  });

  it('a secret that is no secret lets anybody in, and none at all stops start-up', async () => {
    let port = 0;
    const opened = await openWith({ secrets: () => ['', secret], port: () => port });
    ({ port } = opened);
    assert.equal(await reach(opened.port, ''), 200);
    await opened.app.close();
    assert.throws(() => guardInternal(fastify(), { secrets: () => [], port: () => 0 }), /needs a secret/);
  });
});
