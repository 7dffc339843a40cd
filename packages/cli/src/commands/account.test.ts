import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  requestEmailVerification,
  verifyEmail,
  type IdentityDependencies,
} from '@bulkhead/platform/identity';
import pg from 'pg';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { makeTenant, type TenantRequest } from '../identity/makeTenant.ts';
import { withIdentity } from '../identity/withIdentity.ts';
import { promoteOperator } from './operatorPromote.ts';

let test1: TestDatabase;
let database: DatabaseConfig;

const ann = {
  ownerEmail: 'ann@acme.example',
  newOwner: { name: 'Ann Acme', password: 'quiet copper lantern walks' },
};
const on = (request: TenantRequest) => withIdentity(database, (identity) => makeTenant(identity, request));

before(async () => {
  test1 = await createTestDatabase({ template: 'full' });
  database = testConfig(test1);
});
after(() => test1.drop());

test('a tenant is made with a new owner, then another for the same owner', async () => {
  const first = await on({ name: 'Acme Ltd', companyName: 'Acme North', ...ann });
  const second = await on({ name: 'Acme Two', ownerEmail: 'ANN@acme.example' });
  assert.equal(second.ownerAccountId, first.ownerAccountId);
  assert.notEqual(second.tenantId, first.tenantId);
  assert.ok(first.companyId);
  assert.equal(second.companyId, null);
});

test('a tenant without an account to own it is refused, and nothing is made', async () => {
  await assert.rejects(on({ name: 'Nobody', ownerEmail: 'nobody@acme.example' }), {
    code: 'account_missing',
  });
  await assert.rejects(on({ name: 'Again', ...ann }), { code: 'email_taken' });
});

async function verify(identity: IdentityDependencies, email: string): Promise<void> {
  const { rows } = await identity.pool.query<{ id: string }>(
    'select id from identity.account where email = $1',
    [email],
  );
  const { token } = await requestEmailVerification(identity, rows[0]?.id ?? '');
  await verifyEmail(identity, token);
}

test('ACC-3: an operator is promoted as the owner alone, once, with a reason', async () => {
  const request = { email: ann.ownerEmail, reason: 'on call from March, ticket 512' };
  const promote = (over: Partial<typeof request>) =>
    asOwner(database, (client) => promoteOperator(client, { ...request, ...over }));

  await assert.rejects(promote({}), { code: 'operator_account_verified', exitCode: 3 });
  await withIdentity(database, (identity) => verify(identity, ann.ownerEmail));
  await assert.rejects(promote({ reason: 'because' }), { code: 'usage', exitCode: 2 });
  await assert.rejects(promote({ email: 'nobody@acme.example' }), { code: 'operator_account' });
  assert.match((await promote({})).operatorId, /^[0-9a-f-]{36}$/);
  await assert.rejects(promote({}), { code: 'already_operator' });
});

for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
  test(`ACC-3: bulkhead_${role} cannot promote anybody`, async () => {
    const client = new pg.Client(test1.connections[role]);
    await client.connect();
    try {
      await assert.rejects(
        promoteOperator(client, { email: ann.ownerEmail, reason: 'a perfectly good reason' }),
        {
          code: '42501',
        },
      );
    } finally {
      await client.end();
    }
  });
}
