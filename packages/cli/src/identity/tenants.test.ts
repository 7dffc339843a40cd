import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ContextSealer, TenantPool, type TenantSession } from '@bulkhead/kernel';
import { createApiKey, listApiKeys, openApiKey } from '@bulkhead/platform/access';
import { signIn } from '@bulkhead/platform/identity';
import {
  changeConnection,
  createConnection,
  readSignInPolicy,
  singleSignOnRule,
} from '@bulkhead/platform/identity/single-sign-on';
import { createCipher } from '@bulkhead/server';
import pg from 'pg';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import type { DatabaseConfig } from '../database/openDatabase.ts';
import { askAsOwner, checkedId, inTenants } from './inTenant.ts';
import { makeTenant } from './makeTenant.ts';
import { listTenants } from './tenants.ts';
import { withIdentity } from './withIdentity.ts';

const password = 'quiet copper lantern walks';
const reason = 'expired certificate, ticket 731';
let database: TestDatabase;
let config: DatabaseConfig;
let pool: TenantPool;
let superuser: pg.Client;
before(async () => {
  database = await createTestDatabase({ template: 'full' });
  config = testConfig(database);
  const { context } = config;
  const sealer = new ContextSealer({ key: { id: context.keyId, secret: context.key } });
  pool = new TenantPool({ connection: database.connections.app, sealer });
  superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
});
after(async () => {
  await Promise.all([pool.close(), superuser.end()]);
  await database.drop();
});

let people = 0;
async function aTenant(name: string) {
  const ownerEmail = `owner-${(people += 1)}@acme.example`;
  const made = await withIdentity(config, (identity) =>
    makeTenant(identity, {
      name,
      companyName: `${name} North`,
      ownerEmail,
      newOwner: { name: 'Ann', password },
    }),
  );
  const { tenantId, ownerAccountId } = made;
  const session = pool.as({ tenant: tenantId, actor: { kind: 'account', id: ownerAccountId } });
  return { tenantId, ownerAccountId, ownerEmail, session };
}
const eventsOf = async (session: TenantSession, action: string) => {
  const { rows } = await session.query<{ actor_kind: string; detail: object }>(
    'select actor_kind, detail from bulkhead.audit_log where action = $1 order by id',
    [action],
  );
  return rows;
};

test('tenants are listed by name with what belongs to them, whoever has left not counted', async () => {
  const [acme, zenith] = [await aTenant('Acme Ltd'), await aTenant('Zenith')];
  const listed = await listTenants(config);
  assert.deepEqual(
    listed.map(({ id, name, members, companies }) => [id, name, members, companies]),
    [
      [acme.tenantId, 'Acme Ltd', 1, 1],
      [zenith.tenantId, 'Zenith', 1, 1],
    ],
  );
  assert.deepEqual(
    (await listTenants(config, 'ZEN')).map(({ name }) => name),
    ['Zenith'],
  );
});

test('AUT-7 a connection that lets nobody in is switched off, and passwords work again', async () => {
  const { tenantId, ownerEmail, session } = await aTenant('Locked out');
  const parts = { session, cipher: createCipher(config.encryption), randomBytes };
  const connect = async () => {
    const { connectionId } = await createConnection(parts, {
      protocol: 'oidc',
      name: 'Own',
      config: {},
      secret: 'the client’s secret',
    });
    await changeConnection(parts, { connectionId, changes: { enabled: true } });
    return connectionId;
  };
  const [first, second] = [await connect(), await connect()];
  await superuser.query(
    `insert into identity.sign_in_policy (tenant_id, single_sign_on_required, break_glass_account_ids)
     values ($1, true, array[gen_random_uuid()])`,
    [tenantId],
  );
  const enter = () =>
    withIdentity(config, (identity) =>
      signIn({ ...identity, signInRules: [singleSignOnRule] }, { email: ownerEmail, password, device: {} }),
    );
  const release = (connection: string, tenant = tenantId) =>
    askAsOwner(config, {
      tenant,
      call: 'identity.release_connection($1, $2, $3)',
      values: [connection, reason],
    });
  await assert.rejects(enter(), { code: 'single_sign_on_required' });
  await assert.rejects(release(first, (await aTenant('Another')).tenantId), { code: 'connection_enabled' });
  assert.equal(await release(first), false, 'the other connection still lets people in');
  await assert.rejects(enter(), { code: 'single_sign_on_required' });
  assert.equal(await release(second), true);
  assert.equal((await enter()).kind, 'session');
  assert.equal((await readSignInPolicy(session)).singleSignOnRequired, false);
  await assert.rejects(release(second), { code: 'connection_enabled', exitCode: 3 });
  const directory = await superuser.query(
    'select from identity.connection_directory where tenant_id = $1 and enabled',
    [tenantId],
  );
  assert.equal(directory.rowCount, 0, 'what sign-in looks at is off, too');
  assert.deepEqual(
    (await eventsOf(session, 'connection.release')).map(({ actor_kind, detail }) => [actor_kind, detail]),
    [
      ['service', { reason, requirement_lifted: false }],
      ['service', { reason, requirement_lifted: true }],
    ],
  );
});

test('ACC-4 an API key is revoked for its tenant, which reads why', async () => {
  const { tenantId, session } = await aTenant('Leaked');
  const { key, token } = await createApiKey(
    { session, held: new Set(['tenants:tenant.read']), clock: Date.now, randomBytes },
    { name: 'Nightly', kind: 'api_key', permissions: ['tenants:tenant.read'], companyIds: null, days: 30 },
  );
  const opens = () => withIdentity(config, async (identity) => (await openApiKey(identity, token)) !== null);
  const revoke = () =>
    askAsOwner(config, {
      tenant: tenantId,
      call: 'identity.withdraw_api_key($1, $2, $3)',
      values: [key.id, reason],
    });
  const listed = () => inTenants(config, (sessionOf) => listApiKeys(sessionOf(tenantId)));
  assert.deepEqual([(await listed()).length, await opens()], [1, true]);
  assert.equal(await revoke(), 'Nightly');
  assert.deepEqual([(await listed()).length, await opens()], [0, false]);
  await assert.rejects(revoke(), { code: 'api_key_live' });
  assert.deepEqual(await eventsOf(session, 'api_key.withdraw'), [
    { actor_kind: 'service', detail: { reason } },
  ]);
});

for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
  test(`ISO-2 bulkhead_${role} can run neither`, async () => {
    const client = new pg.Client(database.connections[role]);
    await client.connect();
    try {
      for (const call of ['release_connection', 'withdraw_api_key']) {
        // oxlint-disable-next-line no-await-in-loop -- one connection takes one statement after another
        await assert.rejects(client.query(`select identity.${call}('', gen_random_uuid(), $1)`, [reason]), {
          code: '42501',
        });
      }
    } finally {
      await client.end();
    }
  });
}

test('an id that is none is told by its option', () => {
  assert.throws(() => checkedId('--tenant', 'acme'), { code: 'usage', exitCode: 2 });
});
