import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { signUpByMail } from '../harness/people.ts';
import {
  bulkhead,
  cleanEnvironment,
  main,
  processesOf,
  start,
  startUp,
  takePort,
  temporaryFolder,
  until,
} from './command.ts';

const linux = process.platform !== 'linux' && 'reads /proc';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`up answers, and after ${signal} no process is left`, { skip: linux }, async (t) => {
    const data = await temporaryFolder(t);
    const { child, ended, up } = await startUp(t, data);
    assert.equal((await fetch(`${up.url}/readyz`)).status, 200);
    assert.ok(processesOf(data).length > 1, 'Postgres runs');
    child.kill(signal);
    const { code, stdout } = await ended;
    assert.equal(code, 0);
    assert.equal(stdout.trim().split('\n').length, 1, 'stdout holds one object and nothing else');
    assert.deepEqual(processesOf(data), []);
    assert.ok(!(await readdir(data)).includes('claim'));
  });
}

test('a second Ctrl-C ends it at once, and Postgres with it', { skip: linux }, async (t) => {
  const data = await temporaryFolder(t);
  const { child, ended } = await startUp(t, data);
  child.kill('SIGINT');
  child.kill('SIGINT');
  const { code } = await ended;
  assert.ok(code === 130 || code === 0, String(code));
  await until(() => processesOf(data).length === 0);
});

test('Ctrl-C while it starts leaves nothing behind', { skip: linux }, async (t) => {
  const data = await temporaryFolder(t);
  const { child, ended } = start(t, ['up', '--port', '0', '--data', data]);
  await until(async () => (await readdir(data)).includes('postgres'));
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  await until(() => processesOf(data).length === 0);
  const { up } = await startUp(t, data);
  assert.equal((await fetch(`${up.url}/readyz`)).status, 200);
});

test(
  'after kill -9 the next start takes over, and nothing that was acknowledged is lost',
  { skip: linux },
  async (t) => {
    const data = await temporaryFolder(t);
    const first = await startUp(t, data, { env: { BULKHEAD_MAIL_SINK: 'true' } });
    const person = {
      email: 'kim@acme.example',
      password: 'quiet copper lantern walks',
      name: 'Kim',
      tenantName: 'Acme',
    };
    const json = { 'content-type': 'application/json' };
    await signUpByMail(first.up.url, person);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await startUp(t, data);
    const { email, password } = person;
    const signedIn = await fetch(`${second.up.url}/api/session`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email, password }),
    });
    assert.equal(signedIn.status, 200);
    second.child.kill('SIGINT');
    await second.ended;
    assert.deepEqual(processesOf(data), []);
  },
);

const up = '"$NODE" "$MAIN" up --json --port 0 --data "$DATA"';

for (const [what, line] of [
  ['npm', `sh -c '${up}; true'; true`],
  ['the shell that npm starts', `${up} & wait`],
] as const) {
  test(`when ${what} is killed, what it started ends too`, { skip: linux }, async (t) => {
    const data = await temporaryFolder(t);
    const named = { npm_lifecycle_event: 'start', NODE: process.execPath, MAIN: main, DATA: data };
    // Killed, a process has no chance to pass the end on.
    const parent = spawn('sh', ['-c', line], {
      env: cleanEnvironment(named),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said.includes('"url"'), 60);
    parent.kill('SIGKILL');
    await until(() => processesOf(data).length === 0, 30);
  });
}

test('a taken port is told with what to do, before anything is started', async (t) => {
  const data = await temporaryFolder(t);
  const port = await takePort(t);
  const { code, stdout, stderr } = await bulkhead(t, [
    'up',
    '--data',
    data,
    '--port',
    String(port),
    '--json',
  ]);
  assert.equal(code, 3);
  assert.match(stderr, new RegExp(`Port ${port} is taken by another program[.]\n.*--port`));
  assert.doesNotMatch(stderr, / at .*[.]ts/);
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'port_taken');
  assert.ok(!(await readdir(data)).includes('postgres'));
  assert.ok(!(await readdir(data)).includes('claim'));
});

test('a second instance on the same data folder is refused, and the first goes on', async (t) => {
  const data = await temporaryFolder(t);
  const first = await startUp(t, data);
  const second = await bulkhead(t, ['up', '--data', data, '--port', '0']);
  assert.equal(second.code, 3);
  assert.match(second.stderr, new RegExp(`Another Bulkhead [(]process ${first.pid}[)] is using`));
  const reset = await bulkhead(t, ['up', '--data', data, '--port', '0', '--reset']);
  assert.equal(reset.code, 3);
  assert.equal((await fetch(`${first.up.url}/readyz`)).status, 200);
});

test('a folder that holds something else is refused and left alone', async (t) => {
  const data = await temporaryFolder(t);
  await writeFile(join(data, 'thesis.doc'), 'x');
  const { code, stderr } = await bulkhead(t, ['up', '--data', data, '--port', '0', '--reset']);
  assert.equal(code, 3);
  assert.match(stderr, /no Bulkhead data folder/);
  assert.deepEqual(await readdir(data), ['thesis.doc']);
});

test(
  "another user's data folder is refused",
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const data = await temporaryFolder(t);
    await chown(data, 12_345, 12_345);
    const { code, stderr } = await bulkhead(t, ['up', '--data', data, '--port', '0']);
    assert.equal(code, 3);
    assert.match(stderr, /belongs to user 12345/);
  },
);

test('secrets are made on first start, for their owner alone, and are never printed', async (t) => {
  const data = await temporaryFolder(t);
  const { child, ended } = await startUp(t, data);
  child.kill('SIGINT');
  const { stdout, stderr } = await ended;
  const files = await readdir(join(data, 'secrets'));
  assert.deepEqual(files.toSorted(), [
    'audit-key',
    'context-key',
    'database-app',
    'database-auditor',
    'database-identity',
    'database-owner',
    'database-worker',
    'encryption-key',
  ]);
  for (const file of files) {
    const path = join(data, 'secrets', file);
    assert.equal((await stat(path)).mode & 0o777, 0o600, file);
    assert.ok(!`${stdout}${stderr}`.includes((await readFile(path, 'utf8')).trim()), file);
  }
});

test('--reset begins anew, with other secrets and an empty database', async (t) => {
  const data = await temporaryFolder(t);
  const secret = () => readFile(join(data, 'secrets', 'context-key'), 'utf8');
  const first = await startUp(t, data);
  first.child.kill('SIGINT');
  await first.ended;
  const before = await secret();
  const again = await startUp(t, data, { more: ['--reset'] });
  assert.notEqual(await secret(), before);
  assert.equal((await fetch(`${again.up.url}/readyz`)).status, 200);
});

test('the demo with its public passwords is refused where others could reach it', async (t) => {
  const data = await temporaryFolder(t);
  const { code, stderr } = await bulkhead(t, ['up', '--demo', '--host', '0.0.0.0', '--data', data]);
  assert.equal(code, 3);
  assert.match(stderr, /public passwords/);
  assert.deepEqual(await readdir(data), []);
});

test('a wrong setting is named, without its value', async (t) => {
  const data = await temporaryFolder(t);
  const env = {
    BULKHEAD_HTTP_BODY_LIMIT: 'hunter2',
    BULKHEAD_HTTP_MAX_BACTH: '3',
    BULKHEAD_HTTP_PORT: '80x',
  };
  const { code, stderr } = await bulkhead(t, ['up', '--data', data], { env });
  assert.equal(code, 3);
  assert.match(stderr, /http[.]bodyLimit/);
  assert.match(stderr, /http[.]port/);
  assert.match(stderr, /BULKHEAD_HTTP_MAX_BACTH/);
  assert.doesNotMatch(stderr, /hunter2/);
});
