import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { testConfig } from '../../../test/harness/config.ts';
import { eventually } from '../../../test/harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { createPools } from '../src/boot/pools.ts';
import { digestOf } from '../src/config/load.ts';
import { createLog } from '../src/http/log.ts';
import { createServer, type Server } from '../src/index.ts';
import { Secrets } from '../src/secrets/secrets.ts';
import { send, signUp, signUpOperator, type Person } from './fixture.ts';

const fresh = () => randomBytes(24).toString('hex');

/** Asks for a password in clear text, keeps it, and turns everybody away. */
async function listenAsPostgres() {
  const shown: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      socket.once('data', (message: Buffer) => {
        shown.push(message.subarray(5, -1).toString());
        socket.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { shown, port, close: () => new Promise((resolve) => server.close(resolve)) };
}

test('OPS-6 a new connection to the database shows the password that its file holds then', async () => {
  const postgres = await listenAsPostgres();
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
  const path = join(folder, 'identity');
  const [old, next] = [fresh(), fresh()];
  const keep = (text: string) => writeFile(path, `${text}\n`, { mode: 0o600 });
  await keep(old);
  const log = createLog({ level: 'silent' });
  const secrets = new Secrets({
    log,
    clock: () => Date.now() + 2000,
    config: {
      secretSources: [
        { setting: 'database.identityPassword', variable: 'X', from: 'file', path, digest: digestOf(old) },
      ],
    },
  });
  const fake = {
    connections: { app: { host: '127.0.0.1', port: postgres.port, password: old } },
    name: 'bulkhead',
    key: { id: '0a1b2c3d', secret: randomBytes(32) },
  } as unknown as TestDatabase;
  const pools = createPools(testConfig(fake), { log, clock: Date.now, secrets });
  const connect = () => assert.rejects(pools.identity.query('select 1'));
  await connect();
  await keep(next);
  await connect();
  assert.deepEqual(postgres.shown, [old, next]);
  await pools.close();
  await postgres.close();
  await rm(folder, { recursive: true });
});

describe('secrets of a running server (OPS-6, T-44)', () => {
  const told = { internal: fresh(), next: fresh(), mail: fresh(), redis: fresh() };
  const log: string[] = [];
  let database: TestDatabase;
  let server: Server;
  let folder: string;
  let url: string;
  let operator: Person;
  const path = () => join(folder, 'internal');
  before(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
    await writeFile(path(), told.internal, { mode: 0o600 });
    const config = testConfig(database, {
      internal: { port: 0, secret: told.internal },
      log: { level: 'debug' },
    });
    const source = { variable: 'X', from: 'file' as const, path: path(), digest: digestOf(told.internal) };
    server = createServer({ ...config, secretSources: [{ setting: 'internal.secret', ...source }] }, [], {
      logStream: { write: (line) => void log.push(line) },
    });
    const { port } = await server.listen();
    url = `http://127.0.0.1:${port}`;
    operator = await signUpOperator({ url, database });
  });
  after(async () => {
    await server.close({ force: true });
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const knock = async (secret: string) => {
    const { port } = server.internalAddress ?? assert.fail();
    const answer = await fetch(`http://127.0.0.1:${port}/internal/health`, {
      headers: { 'bulkhead-internal': secret },
    });
    return answer.status;
  };
  const list = (person: Person) => send(url, '/api/operator/secrets', { cookie: person.cookie });

  it('are listed for operators alone, without values; a rolling one is used once its file has changed', async () => {
    assert.equal((await list(await signUp(url))).status, 403);
    assert.deepEqual([await knock(told.internal), await knock(told.next)], [200, 401]);
    await writeFile(path(), told.next);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path(), longAgo, longAgo);
    const { status, json, text } = await list(operator);
    assert.equal(status, 200);
    assert.partialDeepStrictEqual(json, {
      secrets: [{ setting: 'internal.secret', class: 'rolling', from: 'file', problem: null }],
    });
    assert.ok(!text.includes(told.internal) && !text.includes(told.next));
    assert.deepEqual([await knock(told.internal), await knock(told.next)], [401, 200]);
    assert.ok(log.some((line) => line.includes('secret_reloaded')));
  });

  it('stand in no line of the log and no answer, whatever fails', async () => {
    const failing = testConfig(database, {
      http: { port: 0 },
      limits: { enabled: true },
      redis: { url: `redis://user:${told.redis}@127.0.0.1:1` },
      mail: {
        host: '127.0.0.1',
        port: 1,
        tls: 'off',
        user: 'u',
        password: told.mail,
        from: 'no-reply@example.org',
      },
      internal: { port: 0, secret: told.internal },
      log: { level: 'debug' },
    });
    const lines: string[] = [];
    const broken = createServer(failing, [], { logStream: { write: (line) => void lines.push(line) } });
    const { port } = await broken.listen();
    const base = `http://127.0.0.1:${port}`;
    const answers: string[] = [];
    const password = `wrong ${fresh()}`;
    const key = `bhk_${fresh()}`;
    for (const call of [
      () => send(base, '/api/session', { json: { email: 'somebody@example.org', password } }),
      () =>
        send(base, '/api/session', {
          body: `{"password": "${password}`,
          headers: { 'content-type': 'application/json' },
        }),
      () => send(base, '/api/companies', { headers: { authorization: `Bearer ${key}` } }),
      () => send(base, '/api/companies', { cookie: `__Host-bulkhead=${key}` }),
      () => send(base, '/api/sign-up', { json: { email: 'new@example.org' } }),
      () => send(base, '/healthz'),
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      answers.push((await call()).text);
    }
    await eventually(async () => lines.find((line) => line.includes('limits_store_away')), {
      what: 'the log to say that Redis is away',
    });
    await broken.close({ force: true });
    const { context, encryption } = failing;
    const forbidden = [
      ...Object.values(told),
      password,
      key,
      context.key.toString('hex'),
      context.key.toString('base64'),
      encryption.key.toString('hex'),
    ];
    const shown = (text: string) => forbidden.filter((value) => text.includes(value));
    assert.deepEqual(shown([...lines, ...log, ...answers].join('\n')), []);
    assert.ok(lines.length > 5, 'there is something to look through');
    // Mutation: had the log told of the address it could not reach, this would have found it.
    assert.deepEqual(shown(`cannot reach ${failing.redis.url}`), [told.redis]);
  });
});
