import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { identityDependencies, signIn } from '@bulkhead/platform/identity';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { disableAccount, enableAccount, resetFactors, unlockAccount } from '../identity/accountState.ts';
import { makeTenant } from '../identity/makeTenant.ts';
import { withIdentity } from '../identity/withIdentity.ts';
import { withSigningKeys } from '../identity/withSigningKeys.ts';

const ann = { name: 'Ann Acme', password: 'quiet copper lantern walks' };
const email = 'ann@acme.example';
let database: TestDatabase;
let config: DatabaseConfig;

before(async () => {
  database = await createTestDatabase({ template: 'full' });
  config = testConfig(database);
  await withIdentity(config, (identity) =>
    makeTenant(identity, { name: 'Acme Ltd', ownerEmail: email, newOwner: ann }),
  );
});
after(() => database.drop());

const request = { email: 'ANN@acme.example', reason: 'a test of this command', at: new Date() };
const enter = (password = ann.password) =>
  withIdentity(config, (identity) =>
    signIn(identityDependencies(identity), { email, password, device: {} }).then(
      ({ kind }) => kind,
      (error: unknown) => (error as { code: string }).code,
    ),
  );

test('AUT-11: an account is disabled with its sessions, and enabled again, each once', async () => {
  assert.equal(await enter(), 'session');
  const answer = await asOwner(config, (client) => disableAccount(client, request));
  assert.deepEqual(answer, { sessionsEnded: 1 });
  assert.equal(await enter(), 'account_disabled');
  await assert.rejects(
    asOwner(config, (client) => disableAccount(client, request)),
    { code: 'account_enabled', hint: 'Check the address; an account that is disabled already stays so.' },
  );
  await asOwner(config, (client) => enableAccount(client, request));
  await assert.rejects(
    asOwner(config, (client) => enableAccount(client, request)),
    { code: 'account_disabled' },
  );
  assert.equal(await enter(), 'session');
});

test('AUT-3: a locked account is released', async () => {
  for (let n = 0; n < 5; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    assert.equal(await enter('not the right one'), 'sign_in_refused');
  }
  assert.equal(await enter(), 'sign_in_refused');
  const unlock = { ...request, at: new Date() };
  assert.deepEqual(await asOwner(config, (client) => unlockAccount(client, unlock)), { failuresReleased: 5 });
  assert.equal(await enter(), 'session');
});

test('AUT-10: somebody who lost every factor gets in without them, and open sessions end', async () => {
  await asOwner(config, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      'select id from identity.account where email_normalised = $1',
      [email],
    );
    const accountId = rows[0]?.id;
    await client.query(
      `insert into identity.passkey (id, account_id, label, credential_id, public_key, sign_count, backup_eligible,
         backed_up, transports, created_at)
       values (gen_random_uuid(), $1, 'lost', '\\x01', '\\x02', 0, false, false, '{}', now())`,
      [accountId],
    );
    await client.query(
      `insert into identity.recovery_code (id, account_id, code_hash, created_at)
       values (gen_random_uuid(), $1, sha256('lost'), now())`,
      [accountId],
    );
  });
  const reset = { ...request, at: new Date() };
  assert.deepEqual(await asOwner(config, (client) => resetFactors(client, reset)), { factorsRemoved: 1 });
  assert.deepEqual(await asOwner(config, (client) => resetFactors(client, reset)), { factorsRemoved: 0 });
  const left = await asOwner(config, (client) =>
    client.query(
      `select (select count(*) from identity.passkey where removed_at is null)::int as passkeys,
         (select count(*) from identity.recovery_code where withdrawn_at is null)::int as codes,
         (select count(*) from identity.session where ended_at is null)::int as sessions`,
      [],
    ),
  );
  assert.deepEqual(left.rows, [{ passkeys: 0, codes: 0, sessions: 0 }]);
  assert.equal(await enter(), 'session');
});

test('an account nobody has, and a reason nobody gives, are refused', async () => {
  const nobody = { ...request, email: 'nobody@acme.example' };
  await assert.rejects(
    asOwner(config, (client) => unlockAccount(client, nobody)),
    { code: 'account_known' },
  );
  await assert.rejects(
    asOwner(config, (client) => disableAccount(client, { ...request, reason: ' short ' })),
    /--reason takes 10 to 500 characters/,
  );
});

test('AUT-1: the signing key is rotated, not twice within the hour unless it may have leaked', async () => {
  const states = () =>
    withSigningKeys(config, async (keys) => [...(await keys.read()).byId.values()].map(({ state }) => state));
  assert.deepEqual(await states(), ['current', 'next']);
  await assert.rejects(
    withSigningKeys(config, (keys) => keys.rotate()),
    { code: 'key_too_fresh' },
  );
  await withSigningKeys(config, (keys) => keys.rotate({ compromised: true, now: true }));
  assert.deepEqual(await states(), ['current', 'next'], 'the leaked key is not published any more');
  await withSigningKeys(config, (keys) => keys.rotate({ now: true }));
  assert.deepEqual(await states(), ['retired', 'current', 'next']);
});
