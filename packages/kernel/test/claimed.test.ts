import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';

const tenant = '3f0c1c9e-8a51-4f0e-9f6d-2b1d5f4f7a10';
const company = 'aaaaaaaa-1111-4111-8111-111111111111';

let database: TestDatabase;
let client: pg.Client;

before(async () => {
  database = await createTestDatabase();
  client = new pg.Client(database.connections.superuser);
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

async function claimed(token: string) {
  await client.query(`select set_config('bulkhead.context', $1, false)`, [token]);
  const { rows } = await client.query<{ tenant: string | null; company: string | null }>(
    'select bulkhead.claimed_tenant_id() as tenant, bulkhead.claimed_company_id() as company',
  );
  return rows[0];
}

test('a default claims a whole id in lower case and nothing else, and never fails', async () => {
  assert.deepEqual(await claimed(`bh1.x.0.${tenant}.${company}.account`), { tenant, company });
  const none = { tenant: null, company: null };
  for (const part of [
    '',
    '*',
    tenant.slice(1),
    `${tenant}0`,
    tenant.toUpperCase(),
    `{${tenant.slice(2)}}`,
    tenant.replaceAll('-', '') + '----',
    tenant.replace('-', '0').replace('0', '-'),
    tenant.replace('3', 'g'),
    tenant.replace('3', '-'),
    `é${tenant.slice(1)}`,
    '____-',
  ]) {
    assert.deepEqual(await claimed(`bh1.x.0.${part}.${part}.account`), none, part);
  }
});

test('whatever a token is cut to, a default answers as the pattern of an id would', async () => {
  const piece = fc.oneof(
    fc.constantFrom(tenant, tenant.toUpperCase(), '-', '*', '.'),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefg-A')), maxLength: 40 }),
  );
  const whole = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  await fc.assert(
    fc.asyncProperty(piece, piece, async (first, second) => {
      const token = `bh1.x.0.${first}.${second}`;
      const [, , , one = '', two = ''] = token.split('.');
      assert.deepEqual(await claimed(token), {
        tenant: whole.test(one) ? one : null,
        company: whole.test(two) ? two : null,
      });
    }),
    { numRuns: 300 },
  );
});
