import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listSettings } from './describe.ts';
import { checkConfig, ConfigError, loadConfig } from './load.ts';

const goodKey = '8f3a1c5e7b9d0246f1e3d5c7b9a80214365870fa1b2c3d4e5f60718293a4b5c6';
const goodPassword = 'vR7-kQ2-mX9-tB4-wZ1';
const complete = {
  BULKHEAD_DATABASE_APP_PASSWORD: goodPassword,
  BULKHEAD_DATABASE_IDENTITY_PASSWORD: `${goodPassword}i`,
  BULKHEAD_CONTEXT_KEY_ID: '0a1b2c3d',
  BULKHEAD_CONTEXT_KEY: goodKey,
  BULKHEAD_ENCRYPTION_KEY_ID: '1b2c3d4e',
  BULKHEAD_ENCRYPTION_KEY: goodKey,
  BULKHEAD_SECRETS_FROM_ENVIRONMENT: 'true',
};

type Env = Record<string, string | undefined>;

/** Problems found, as `setting: message`; none when the configuration is good. */
async function problemsOf(env: Env, files: Record<string, string> = {}): Promise<string[]> {
  try {
    await loadConfig({ env, readText: reader(files) });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ setting, message }) => `${setting}: ${message}`);
  }
}

function reader(files: Record<string, string>) {
  return (path: string) => {
    const text = files[path];
    return text === undefined
      ? Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' }))
      : Promise.resolve(text);
  };
}

test('the required settings are enough; the rest has defaults', async () => {
  const config = await loadConfig({ env: { ...complete, PATH: '/bin' } });
  assert.equal(config.http.port, 3000);
  assert.equal(config.http.bodyLimit, 1024 * 1024);
  assert.deepEqual([...config.context.key], [...Buffer.from(goodKey, 'hex')]);
});

test('environment goes over the file, and a secret’s own file is read without its last line break', async () => {
  const { BULKHEAD_CONTEXT_KEY: _key, ...rest } = complete;
  const files = {
    '/etc/bulkhead.json': JSON.stringify({
      http: { port: 8080, host: '0.0.0.0', trustedProxies: ['10.0.0.0/8'] },
    }),
    '/run/secrets/key': `${Buffer.from(goodKey, 'hex').toString('base64')}\n`,
  };
  const env = {
    ...rest,
    BULKHEAD_CONFIG: '/etc/bulkhead.json',
    BULKHEAD_HTTP_PORT: '9090',
    BULKHEAD_CONTEXT_KEY_FILE: '/run/secrets/key',
  };
  const config = await loadConfig({ env, readText: reader(files) });
  assert.deepEqual(
    [config.http.port, config.http.host, config.http.trustedProxies],
    [9090, '0.0.0.0', ['10.0.0.0/8']],
  );
  assert.deepEqual([...config.context.key], [...Buffer.from(goodKey, 'hex')]);
});

test('every problem is reported at once, and no value', async () => {
  const value = 'Zx9-do-not-show-me-4';
  const env = {
    BULKHEAD_HTTP_PORT: value,
    BULKHEAD_HTTP_PUBLIC_URL: `http://user:${value}@example.com/path`,
    BULKHEAD_HTTP_TRUSTED_PROXIES: value,
    BULKHEAD_LOG_LEVEL: value,
    BULKHEAD_CONTEXT_KEY: value,
    BULKHEAD_CONTEXT_KEY_ID: value,
    BULKHEAD_NO_SUCH_THING: value,
    BULKHEAD_DATABASE_OWNER_PASSWORD_FILE: '/nowhere',
  };
  const problems = await problemsOf(env);
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    [
      'BULKHEAD_DATABASE_OWNER_PASSWORD_FILE',
      'BULKHEAD_NO_SUCH_THING',
      'http.port',
      'http.publicUrl',
      'http.trustedProxies',
      'database.appPassword',
      'database.identityPassword',
      'context.keyId',
      'context.key',
      'encryption.keyId',
      'encryption.key',
      'log.level',
    ],
  );
  assert.ok(!problems.join('\n').includes(value), problems.join('\n'));
});

const secrets: { name: string; env: Env; problem: RegExp | undefined }[] = [
  {
    name: 'a short password',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'vR7-kQ2-mX9-tB4' },
    problem: /too short/,
  },
  {
    name: 'a password just long enough',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'vR7-kQ2-mX9-tB4w' },
    problem: undefined,
  },
  {
    name: 'a placeholder',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'CHANGE_ME_vR7-kQ2-mX9' },
    problem: /placeholder/,
  },
  {
    name: 'an example',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'example-vR7-kQ2-mX9-tB4' },
    problem: /placeholder/,
  },
  {
    name: 'one character repeated',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'a'.repeat(32) },
    problem: /pattern/,
  },
  {
    name: 'the alphabet',
    env: { BULKHEAD_DATABASE_APP_PASSWORD: 'abcdefghijklmnopqrstuvwxyz' },
    problem: /pattern/,
  },
  { name: 'a key of zeros', env: { BULKHEAD_CONTEXT_KEY: '0'.repeat(64) }, problem: /pattern/ },
  {
    name: 'a key that counts',
    env: { BULKHEAD_CONTEXT_KEY: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex') },
    problem: /pattern/,
  },
  { name: 'a key of 31 bytes', env: { BULKHEAD_CONTEXT_KEY: goodKey.slice(2) }, problem: /32 bytes/ },
  { name: 'a key of 33 bytes', env: { BULKHEAD_CONTEXT_KEY: `${goodKey}00` }, problem: /32 bytes/ },
];
for (const { name, env, problem } of secrets) {
  test(`T-44 ${name} ${problem === undefined ? 'is taken' : 'is refused'}`, async () => {
    const problems = await problemsOf({ ...complete, ...env });
    if (problem === undefined) assert.deepEqual(problems, []);
    else {
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', problem);
    }
  });
}

const files: { name: string; text: string; problem: RegExp }[] = [
  { name: 'that is no JSON', text: 'http: 80', problem: /not valid JSON/ },
  { name: 'that is no object', text: '[]', problem: /must hold a JSON object/ },
  { name: 'with an unknown setting', text: '{"http":{"prot":1}}', problem: /http\.prot: is no setting/ },
  { name: 'with an unknown section', text: '{"htpp":{}}', problem: /htpp: is no setting/ },
  {
    name: 'with a secret',
    text: JSON.stringify({ context: { key: goodKey } }),
    problem: /context\.key: is a secret/,
  },
];
for (const { name, text, problem } of files) {
  test(`a file ${name} is refused`, async () => {
    const { BULKHEAD_CONTEXT_KEY: _key, ...rest } = complete;
    const env = text.includes('"key"') ? rest : complete;
    const problems = await problemsOf({ ...env, BULKHEAD_CONFIG: '/c.json' }, { '/c.json': text });
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0] ?? '', problem);
  });
}

test('a file that is not there, and a secret given twice, are refused', async () => {
  assert.match(
    (await problemsOf({ ...complete, BULKHEAD_CONFIG: '/c.json' })).join(),
    /cannot read \/c\.json \(ENOENT\)/,
  );
  const twice = { ...complete, BULKHEAD_CONTEXT_KEY_FILE: '/k' };
  assert.match((await problemsOf(twice, { '/k': goodKey })).join(), /given twice/);
});

const origins: [string, boolean][] = [
  ['https://app.example.com', true],
  ['https://app.example.com/', true],
  ['https://app.example.com:8443', true],
  ['http://localhost:3000', true],
  ['http://127.0.0.1:3000', true],
  ['http://app.example.com', false],
  ['https://app.example.com/path', false],
  ['https://app.example.com/?x=1', false],
  ['https://me:pw@app.example.com', false],
  ['ftp://app.example.com', false],
  ['app.example.com', false],
  ['', true],
];
for (const [url, good] of origins) {
  test(`T-37 the public address "${url}" is ${good ? 'taken' : 'refused'}`, async () => {
    const problems = await problemsOf({ ...complete, BULKHEAD_HTTP_PUBLIC_URL: url });
    assert.equal(problems.length, good ? 0 : 1);
  });
}

test('a program may check settings it made itself', () => {
  assert.throws(() => checkConfig({ database: {} }), { code: 'config_invalid' });
});

test('every setting has a description', () => {
  assert.ok(listSettings().every(({ description }) => description.length > 0));
});
