import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient, listClients, type ClientRegistration } from '@bulkhead/platform/identity/provider';
import pg from 'pg';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { registering } from '../identity/registering.ts';

let database: TestDatabase;
let config: DatabaseConfig;
before(async () => {
  database = await createTestDatabase({ template: 'full' });
  config = testConfig(database);
});
after(() => database.drop());

const shop: ClientRegistration = {
  id: 'shop',
  name: 'Shop',
  firstParty: true,
  authentication: 'secret',
  redirectUris: ['https://shop.example.com/callback'],
  postLogoutRedirectUris: [],
  refresh: true,
  mayCall: [],
  resourceScopes: [],
};
const register = (change: Partial<ClientRegistration>) =>
  asOwner(config, (client) =>
    registering(
      ({ randomBytes, ...registrar }) => createClient(registrar, { ...shop, ...change }, randomBytes),
      client,
    ),
  );

test('AUT-8: the owner role registers an application; its secret is stored as a hash, its id taken once', async () => {
  const { secret } = await register({});
  assert.match(secret ?? '', /^[A-Za-z0-9_-]{43}$/);
  const stored = await asOwner(config, async (client) => {
    const { rows } = await client.query<{ text: string }>(
      'select s::text as text from identity.provider_client_secret s',
    );
    return rows.map(({ text }) => text).join();
  });
  assert.ok(!stored.includes(secret ?? ''));
  await assert.rejects(register({}), { code: 'client_exists' });
  const listed = await asOwner(config, listClients);
  assert.deepEqual(
    listed.map(({ id, firstParty }) => ({ id, firstParty })),
    [{ id: 'shop', firstParty: true }],
  );
});

test('AUT-8: an address that could be read as another is refused, and named', async () => {
  const wrong: [Partial<ClientRegistration>, string][] = [
    [{ redirectUris: ['http://shop.example.com/callback'] }, 'redirectUris'],
    [{ redirectUris: ['https://*.example.com/callback'] }, 'redirectUris'],
    [{ redirectUris: ['https://shop.example.com/callback#x'] }, 'redirectUris'],
    [{ redirectUris: ['javascript:alert(1)'] }, 'redirectUris'],
    [{ redirectUris: [] }, 'redirectUris'],
    [{ backchannelLogoutUri: 'http://10.0.0.1/logout' }, 'backchannelLogoutUri'],
    [{ postLogoutRedirectUris: ['//evil.example'] }, 'postLogoutRedirectUris'],
    [{ id: 'Shop' }, 'id'],
    [{ resource: 'https://a.example', tokenFormat: 'jwt', authentication: 'none' }, 'authentication'],
  ];
  for (const [index, [change, field]] of wrong.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(
      register({ id: `wrong-${index}`, ...change }),
      (error) =>
        error instanceof Error &&
        'code' in error &&
        error.code === 'client_invalid' &&
        error.message.includes(`(${field})`),
      field,
    );
  }
});

test('AUT-8: no runtime role registers an application without an operator’s seal', async () => {
  for (const role of ['identity', 'app', 'worker'] as const) {
    const client = new pg.Client(database.connections[role]);
    // oxlint-disable-next-line no-await-in-loop -- one role after the other
    await client.connect();
    // oxlint-disable-next-line no-await-in-loop -- one role after the other
    await assert.rejects(
      client.query('select identity.create_provider_client(null, $1, $2, now())', [
        JSON.stringify({ ...shop, id: `by-${role}` }),
        Buffer.alloc(32),
      ]),
      { code: '42501' },
    );
    // oxlint-disable-next-line no-await-in-loop -- one role after the other
    await client.end();
  }
});
