import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { readTier, readUsage, recordUsage } from '@bulkhead/platform/tenants';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { inTenants } from '../identity/inTenant.ts';
import { describeUsage } from './tenantUsage.ts';

let database: TestDatabase;
before(async () => {
  database = await createTestDatabase({ template: 'full' });
});
after(() => database.drop());

test('EDG-3 the usage of a tenant is read under its own context, and of no other', async () => {
  const people = await Promise.all(
    ['one', 'two'].map((name) =>
      makePerson(database, {
        email: `${name}@example.org`,
        password: 'seven copper lanterns drift',
        name,
        tenantName: name,
      }),
    ),
  );
  const [one, two] = people.map(({ tenantId }) => tenantId);
  assert.ok(one !== undefined && two !== undefined);
  const hour = new Date('2026-03-05T10:00:00Z');
  const worker = new pg.Client(database.connections.worker);
  await worker.connect();
  await recordUsage({ worker, sealer: database.sealer, serverId: randomUUID() }, [
    { tenant: one, hour, rateClass: 'read', answered: 5, refused: 2 },
  ]);
  await worker.end();
  const { host, port, password } = database.connections.app;
  const config = {
    database: { host, port, name: database.name, appPassword: password, tls: 'off', connectTimeout: 5000 },
    context: { keyId: database.key.id, key: Buffer.from(database.key.secret) },
  } as unknown as Parameters<typeof inTenants>[0];
  const since = new Date('2026-03-01T00:00:00Z');
  await inTenants(config, async (sessionOf) => {
    const days = await readUsage(sessionOf(one), { since, step: 'day' });
    const tier = (await readTier(sessionOf(one))) ?? null;
    const taken = { members: 1, apiKeys: 0, webhookEndpoints: 0 };
    assert.equal(
      describeUsage({ tier, taken, since, days }),
      [
        'Tier: standard',
        'read: 12000 a minute, 24000 an hour beyond it',
        'write: 3000 a minute, 6000 an hour beyond it',
        'heavy: 300 a minute, 300 an hour beyond it',
        'members: 1 of any number',
        'apiKeys: 0 of any number',
        'webhookEndpoints: 0 of any number',
        '2026-03-05  read  answered 5, refused 2',
      ].join('\n'),
    );
    assert.deepEqual(await readUsage(sessionOf(two), { since, step: 'day' }), []);
  });
});
