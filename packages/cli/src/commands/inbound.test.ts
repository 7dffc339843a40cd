import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { testConfig } from '../../../../test/harness/config.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { linkCustomer, listReceived, replayReceived, setPrice } from '../inbound/received.ts';

let database: TestDatabase;
let config: DatabaseConfig;
let tenant: string;
before(async () => {
  database = await createTestDatabase({ template: 'full' });
  config = testConfig(database);
  const person = {
    email: 'robin@example.org',
    password: 'seven copper lanterns drift',
    name: 'R',
    tenantName: 'Vale',
  };
  tenant = (await makePerson(database, person)).tenantId;
});
after(() => database.drop());

const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

test('EDG-5: what was given up is listed and processed anew, of every tenant and of billing; what was processed is not', async () => {
  const superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
  try {
    await superuser.query(
      `insert into webhooks.received_event
         (id, tenant_id, source_id, event_id, event_type, content, received_at, state, attempts, next_attempt_at, finished_at, error)
       select i.id, case i.n when 1 then $2::uuid end, $3::uuid, 'evt_' || i.n, 'order.paid', '\\x00'::bytea, now(), 'failed', 10, now(), now(), 'TypeError'
       from unnest($1::uuid[]) with ordinality i (id, n)
       union all
       select gen_random_uuid(), $2::uuid, $3::uuid, 'evt_done', 'order.paid', '\\x00'::bytea, now(), 'processed', 1, now(), now(), null`,
      [ids, tenant, ids[0]],
    );
  } finally {
    await superuser.end();
  }
  const list = (state: string, of?: string) =>
    asOwner(config, (client) => listReceived(client, { state, tenant: of, limit: 10 }));
  assert.deepEqual((await list('failed')).map(({ eventId }) => eventId).toSorted(), ['evt_1', 'evt_2']);
  const [one] = await list('failed', tenant);
  assert.deepEqual([one?.id, one?.tenant, one?.attempts, one?.error], [ids[0], tenant, 10, 'TypeError']);
  const replay = (events: readonly string[] | 'failed') =>
    asOwner(config, (client) => replayReceived(client, { events, at: new Date() }));
  assert.equal(await replay([ids[0] ?? '']), 1);
  assert.equal(await replay('failed'), 1);
  assert.equal(await replay('failed'), 0);
  assert.deepEqual(
    (await list('waiting')).map(({ attempts }) => attempts),
    [0, 0],
  );
  assert.equal((await list('processed')).length, 1);
  await assert.rejects(replay(['x']), { code: 'usage' });
});

test('EDG-3: prices and customers are named by the owner role, with what is wrong said plainly', async () => {
  const price = (name: string, tier: string) =>
    asOwner(config, (client) => setPrice(client, { price: name, tier }));
  await price('price_1', 'business');
  await price('price_1', 'enterprise');
  await assert.rejects(price('price_1', 'gold'), { code: 'usage', message: /There are: .*business/ });
  await assert.rejects(price('prod_1', 'business'), { code: 'usage' });
  const link = (customer: string, to = tenant) =>
    asOwner(config, (client) => linkCustomer(client, { tenant: to, customer, at: new Date() }));
  await link('cus_1');
  await link('cus_2');
  await assert.rejects(link('tok_1'), { code: 'usage' });
  const { rows } = await asOwner(config, (client) =>
    client.query(`select c.customer_id, p.tier from billing.customer c, billing.price p`),
  );
  assert.deepEqual(rows, [{ customer_id: 'cus_2', tier: 'enterprise' }]);
});
