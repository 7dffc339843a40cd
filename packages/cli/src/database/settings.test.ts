import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { composeEnvironment, configuresDatabase } from './settings.ts';

test('a secret of the data folder is used only where the configuration names none', async (t) => {
  const secrets = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
  t.after(() => rm(secrets, { recursive: true, force: true }));
  for (const name of ['database-owner', 'database-app', 'context-key'])
    await writeFile(join(secrets, name), 'x');
  const env = {
    BULKHEAD_DATABASE_APP_PASSWORD_FILE: '/run/app',
    BULKHEAD_HTTP_PORT: '7',
    BULKHEAD_DEBUG: '1',
  };
  assert.deepEqual(
    composeEnvironment(env, {
      secrets,
      keyId: 'feedbeef',
      http: { port: 8 },
      database: { host: 'db', port: 1, name: 'n' },
    }),
    {
      BULKHEAD_DATABASE_APP_PASSWORD_FILE: '/run/app',
      BULKHEAD_DATABASE_OWNER_PASSWORD_FILE: join(secrets, 'database-owner'),
      BULKHEAD_CONTEXT_KEY_FILE: join(secrets, 'context-key'),
      BULKHEAD_CONTEXT_KEY_ID: 'feedbeef',
      BULKHEAD_DATABASE_HOST: 'db',
      BULKHEAD_DATABASE_PORT: '1',
      BULKHEAD_DATABASE_NAME: 'n',
      BULKHEAD_HTTP_PORT: '8',
    },
  );
});

test('a configured key keeps its configured id', async (t) => {
  const secrets = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
  t.after(() => rm(secrets, { recursive: true, force: true }));
  await writeFile(join(secrets, 'context-key'), 'x');
  const env = { BULKHEAD_CONTEXT_KEY_FILE: '/run/key', BULKHEAD_CONTEXT_KEY_ID: '0a0a0a0a' };
  assert.deepEqual(composeEnvironment(env, { secrets, keyId: 'feedbeef' }), env);
});

test('a database is configured by its host or by a configuration file', () => {
  assert.equal(configuresDatabase({}), false);
  assert.equal(configuresDatabase({ BULKHEAD_HTTP_PORT: '1' }), false);
  assert.equal(configuresDatabase({ BULKHEAD_DATABASE_HOST: 'db' }), true);
  assert.equal(configuresDatabase({ BULKHEAD_CONFIG: 'server.json' }), true);
});
