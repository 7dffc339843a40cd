import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../command-line/run.ts';
import { keepContextKey } from '../data-folder/contextKeys.ts';
import { inspectContext } from '../context/inspect.ts';
import { mintContext } from '../context/mint.ts';
import { contextInspect } from './contextInspect.ts';
import { contextMint } from './contextMint.ts';

let folder = '';
const tenant = randomUUID();
const company = randomUUID();
const actor = randomUUID();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-key-'));
  await keepContextKey(join(folder, 'key'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function line(words: readonly string[], input = '', env: Record<string, string> = {}) {
  let stdout = '';
  let stderr = '';
  const code = await run(
    words,
    {
      stdin: (async function* () {
        yield Buffer.from(input);
      })(),
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      env,
      folder,
    },
    [contextMint, contextInspect],
  );
  return { code, stdout, stderr };
}

const mint = (...more: string[]) =>
  line(['context', 'mint', '--key-file', 'key', '--tenant', tenant, '--actor-id', actor, ...more]);
const inspect = (token: string, ...more: string[]) =>
  line(['context', 'inspect', '--key-file', 'key', '--json', ...more], token);

test('ISO-5: a minted context reads back as it was asked for', async () => {
  const { code, stdout } = await mint('--company', company, '--actor', 'agent', '--on-behalf-of', actor);
  assert.equal(code, 0);
  assert.match(stdout, /^bh1\.[0-9a-f]{8}\.\d+\.\S+\n$/);
  const read = await inspect(stdout);
  assert.equal(read.code, 0);
  const { keyId, expiresAt, ...fields } = JSON.parse(read.stdout) as Record<string, string>;
  assert.deepEqual(fields, {
    valid: true,
    tenant,
    company,
    actor: { kind: 'agent', id: actor, onBehalfOf: actor },
  });
  assert.equal(keyId, stdout.split('.')[1]);
  assert.ok(Date.parse(String(expiresAt)) > Date.now());
});

test('--json of a mint is one object with the token and its end', async () => {
  const { stdout, stderr } = await mint('--json', '--life', '900');
  const minted = JSON.parse(stdout) as Record<string, string>;
  assert.deepEqual(Object.keys(minted), ['token', 'expiresAt', 'keyId']);
  assert.match(stderr, /expires at/);
});

test('ISO-5: a token with any one character changed is refused with exit code 1', async () => {
  const token = (await mint()).stdout.trim();
  for (let place = 0; place < token.length; place += 7) {
    const other = token[place] === '0' ? '1' : '0';
    const tampered = `${token.slice(0, place)}${other}${token.slice(place + 1)}`;
    const { code, stdout } = await inspect(tampered);
    assert.equal(code, 1, `position ${place}`);
    assert.equal((JSON.parse(stdout) as { valid: boolean }).valid, false);
  }
});

test('an expired token, a foreign key and nonsense are refused, each with its code', async () => {
  const key = { id: '0a1b2c3d', secret: Buffer.from(randomUUID().replaceAll('-', '')) };
  const request = { tenant, actor: { kind: 'account' as const, id: actor }, lifeSeconds: 60 };
  const { token } = mintContext(request, { key, clock: () => 1_000_000 });
  const late = inspectContext(token, { keys: [key], clock: () => 1_061_000 });
  assert.equal(!late.valid && late.code, 'context_expired');
  const foreign = await inspect(token);
  assert.match(foreign.stdout, /context_unknown_key/);
  assert.match((await inspect('hello')).stdout, /context_malformed/);
});

test('the key is never shown, and a key that others can read is refused', async () => {
  const { secret } = await keepContextKey(join(folder, 'key'));
  const said = await Promise.all([mint(), mint('--json'), inspect('hello'), inspect((await mint()).stdout)]);
  for (const { stdout, stderr } of said) {
    assert.ok(!`${stdout}${stderr}`.includes(Buffer.from(secret).toString('hex')));
  }
  await writeFile(join(folder, 'open'), Buffer.from(secret).toString('hex'), { mode: 0o644 });
  const refused = await line([
    'context',
    'mint',
    '--key-file',
    'open',
    '--tenant',
    tenant,
    '--actor-id',
    actor,
  ]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /can be read by other users[.]\nchmod 600/);
});

test('a malformed key file, id or token on the command line is refused without being quoted', async () => {
  await writeFile(join(folder, 'short'), 'c0ffee', { mode: 0o600 });
  const short = await line([
    'context',
    'mint',
    '--key-file',
    'short',
    '--tenant',
    tenant,
    '--actor-id',
    actor,
  ]);
  assert.equal(short.code, 3);
  assert.ok(!short.stderr.includes('c0ffee'));
  assert.equal((await mint('--key-id', 'XYZ')).code, 2);
  assert.equal((await mint('--company', 'not-a-uuid')).code, 2);
  assert.equal((await line(['context', 'inspect', '--key-file', 'key', 'bh1.token'])).code, 2);
  assert.equal((await inspect('')).code, 2);
});

test('the configured key is used where no option names one', async () => {
  const env = { BULKHEAD_CONTEXT_KEY_FILE: join(folder, 'key'), BULKHEAD_CONTEXT_KEY_ID: 'feedbeef' };
  const { stdout } = await line(['context', 'mint', '--tenant', tenant, '--actor-id', actor], '', env);
  assert.equal(stdout.split('.')[1], 'feedbeef');
});
