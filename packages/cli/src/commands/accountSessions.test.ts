import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn } from '@bulkhead/platform/identity';
import pg from 'pg';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { accountSessions, endAccountSessions } from '../identity/accountSessions.ts';
import { withIdentity } from '../identity/withIdentity.ts';
import { promoteOperator } from './operatorPromote.ts';
import { revokeOperator } from './operatorRevoke.ts';

let database: TestDatabase;
let config: DatabaseConfig;
const email = 'dana@example.com';
const password = 'quiet copper lantern walks';
before(async () => {
  database = await createTestDatabase({ template: 'full' });
  config = testConfig(database);
  await makePerson(database, { email, password, name: 'Dana', tenantName: 'Acme' });
});
after(() => database.drop());

test('AUT-11: an account’s sessions are listed, and all ended', async () => {
  await withIdentity(config, async (identity) => {
    assert.deepEqual(await accountSessions(identity, email), []);
    await signIn(identity, { email, password, device: { ip: '192.0.2.7' } });
    await signIn(identity, { email, password, device: { ip: '192.0.2.8' } });
    const listed = await accountSessions(identity, email.toUpperCase());
    assert.deepEqual(new Set(listed.map(({ ip }) => ip)), new Set(['192.0.2.7', '192.0.2.8']));
    assert.deepEqual(await endAccountSessions(identity, email), { ended: 2 });
    assert.deepEqual(await accountSessions(identity, email), []);
    await assert.rejects(accountSessions(identity, 'nobody@example.com'), { code: 'account_missing' });
  });
});

test('ACC-3: an operator’s promotion is ended as the owner alone, with a reason', async () => {
  const reason = 'left the support team';
  await asOwner(config, async (client) => {
    await assert.rejects(revokeOperator(client, { email, reason }), { code: 'operator_missing' });
    await promoteOperator(client, { email, reason: 'on call from March' });
    await assert.rejects(revokeOperator(client, { email, reason: 'no' }), { name: 'CommandFailure' });
    await revokeOperator(client, { email, reason });
    await assert.rejects(revokeOperator(client, { email, reason }), { code: 'operator_missing' });
  });
  const client = new pg.Client(database.connections.identity);
  await client.connect();
  try {
    await assert.rejects(revokeOperator(client, { email, reason }), { code: '42501' });
  } finally {
    await client.end();
  }
});
