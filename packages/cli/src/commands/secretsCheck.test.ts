import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Answer } from '../command-line/terminal.ts';
import { secretsCheck } from './secretsCheck.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
});
after(() => rm(folder, { recursive: true }));

async function check(env: Record<string, string>) {
  const answers: Answer[] = [];
  const code = await secretsCheck.run(
    { data: 'nowhere' },
    {
      env,
      folder,
      input: () => Promise.resolve(''),
      progress: () => {},
      answer: (answer) => void answers.push(answer),
    },
  );
  return { code, text: answers[0]?.text ?? '', json: JSON.stringify(answers[0]?.json) };
}

test('OPS-6 secrets check: 0 when all is well, 1 when one is exposed or overdue, and no value', async () => {
  const values: string[] = [];
  const env: Record<string, string> = {
    BULKHEAD_DATABASE_HOST: 'db.internal',
    BULKHEAD_CONTEXT_KEY_ID: '0a1b2c3d',
    BULKHEAD_ENCRYPTION_KEY_ID: '1b2c3d4e',
  };
  for (const name of [
    'DATABASE_APP_PASSWORD',
    'DATABASE_IDENTITY_PASSWORD',
    'CONTEXT_KEY',
    'ENCRYPTION_KEY',
  ]) {
    const value = randomBytes(32).toString('hex');
    const path = join(folder, name);
    values.push(value);
    // oxlint-disable-next-line no-await-in-loop -- four files
    await writeFile(path, value, { mode: 0o600 });
    env[`BULKHEAD_${name}_FILE`] = path;
  }
  const good = await check(env);
  assert.equal(good.code, 0, good.text);
  assert.match(
    good.text,
    /^database\.appPassword · rolling · .* \(0600\) · 0 days old · replace by \d{4}-\d\d-\d\d$/m,
  );
  assert.match(good.text, /No problem\.$/);
  await chmod(env['BULKHEAD_CONTEXT_KEY_FILE'] ?? '', 0o644);
  const exposed = await check(env);
  assert.equal(exposed.code, 1);
  assert.match(exposed.text, /problem: .*can be read by everybody/);
  assert.match(exposed.text, /1 problem\.$/);
  for (const value of values) {
    assert.ok(![good, exposed].some(({ text, json }) => text.includes(value) || json.includes(value)));
  }
});

test('secrets check says so where there is nothing to look at', async () => {
  await assert.rejects(check({}), { code: 'data_folder_missing', exitCode: 3 });
});
