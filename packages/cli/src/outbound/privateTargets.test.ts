import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { makePerson } from '../../../../test/harness/people.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { closePrivateTarget, listPrivateTargets, openPrivateTarget } from './privateTargets.ts';

let database: TestDatabase;
let owner: pg.Client;
let superuser: pg.Client;
let tenant: string;
before(async () => {
  database = await createTestDatabase({ template: 'full' });
  [owner, superuser] = [
    new pg.Client(database.connections.owner),
    new pg.Client(database.connections.superuser),
  ];
  await Promise.all([owner.connect(), superuser.connect()]);
  const made = await makePerson(database, {
    email: 'ann@acme.example',
    password: 'quiet copper lantern walks',
    name: 'Ann',
    tenantName: 'Acme',
    companyName: 'North',
  });
  tenant = made.tenantId;
});
after(async () => {
  await Promise.all([owner.end(), superuser.end()]);
  await database.drop();
});

const reason = 'their relay, ticket 88';
const open = (changes: object = {}) =>
  openPrivateTarget(owner, { tenant, range: '10.2.0.0/24', ports: [8443], reason, ...changes });

test('EDG-7 a private place is opened and closed by whoever runs the service, in the logs of tenant and service', async () => {
  const target = await open();
  const [listed] = await listPrivateTargets(owner, tenant);
  assert.deepEqual(
    [listed?.id, listed?.range, listed?.ports, listed?.reason, listed?.openedBy],
    [target, '10.2.0.0/24', [8443], reason, 'bulkhead_owner'],
  );
  await closePrivateTarget(owner, { target, reason: 'the relay moved, ticket 131' });
  assert.deepEqual(await listPrivateTargets(owner, undefined), []);
  await assert.rejects(closePrivateTarget(owner, { target, reason }), { code: 'private_target_missing' });
  const { rows } = await superuser.query<{
    tenant_id: string | null;
    action: string;
    detail: { reason: string };
  }>(`select tenant_id, action, detail from bulkhead.audit_entry where target_id = $1 order by id`, [target]);
  assert.deepEqual(
    rows
      .map(({ tenant_id: chain, action, detail }) => `${chain === tenant} ${action}: ${detail.reason}`)
      .toSorted(),
    [
      'false private_target.close: the relay moved, ticket 131',
      `false private_target.open: ${reason}`,
      'true private_target.close: the relay moved, ticket 131',
      `true private_target.open: ${reason}`,
    ],
  );
});

test('EDG-7 no network is opened whole, for nobody, nor without a port or a reason', async () => {
  await assert.rejects(open({ range: '10.0.0.0/8' }), { code: 'private_target_range_width' });
  await assert.rejects(open({ range: '0.0.0.0/0' }), { code: 'private_target_range_width' });
  await assert.rejects(open({ range: 'fd00::/16' }), { code: 'private_target_range_width' });
  await assert.rejects(open({ tenant: '99999999-9999-4999-8999-999999999999' }), {
    code: 'private_target_tenant_fkey',
  });
  for (const range of ['relay.internal', '10.2.0.1/24', '10.2.0.0/xx', '']) {
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await assert.rejects(open({ range }), { code: 'usage' }, range);
  }
  for (const ports of [[], [0], [65_536], [1.5], [Number.NaN]]) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await assert.rejects(open({ ports }), { code: 'usage' }, String(ports));
  }
  await assert.rejects(open({ reason: 'short' }), { constraint: 'private_target_reason_length' });
  assert.deepEqual(await listPrivateTargets(owner, undefined), []);
});

test('EDG-7 no role of a running server can open one', async () => {
  for (const role of ['app', 'identity', 'worker'] as const) {
    const client = new pg.Client(database.connections[role]);
    // oxlint-disable no-await-in-loop -- one role after the other
    await client.connect();
    try {
      await assert.rejects(openPrivateTarget(client, { tenant, range: '10.2.0.1', ports: [80], reason }), {
        code: '42501',
      });
    } finally {
      await client.end();
    }
    // oxlint-enable no-await-in-loop
  }
});
