import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ContextSealer, TenantPool } from '@bulkhead/kernel';
import {
  identityDependencies,
  readSession,
  signIn,
  type IdentityDependencies,
} from '@bulkhead/platform/identity';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { advisor, demoPassword, demoTenants, listSignIns } from './cast.ts';
import { seedAccounts, type SeededTenant } from './seedAccounts.ts';

let database: TestDatabase;
let pool: pg.Pool;
let db: TenantPool;
let identity: IdentityDependencies;
let tenants: SeededTenant[];

before(async () => {
  database = await createTestDatabase({ template: 'full' });
  const sealer = new ContextSealer({ key: database.key });
  pool = new pg.Pool(database.connections.identity);
  db = new TenantPool({ connection: database.connections.app, sealer });
  identity = identityDependencies({ pool, sealer });
  tenants = await seedAccounts({ identity, db });
});
after(async () => {
  await Promise.all([pool.end(), db.close()]);
  await database.drop();
});

async function membershipsOf(email: string) {
  const device = { ip: '127.0.0.1', userAgent: 'test' };
  const { token } = await signIn(identity, { email, password: demoPassword, device });
  return (await readSession(identity, token))?.memberships ?? [];
}

test('three tenants of different kinds with two companies each', () => {
  assert.deepEqual(
    tenants.map(({ name, companies }) => [name, companies.map((company) => company.name).toSorted()]),
    demoTenants.map(({ name, companies }) => [name, companies.toSorted()]),
  );
  assert.equal(new Set(tenants.map(({ kind }) => kind)).size, 3);
});

test('every printed sign-in works and leads where it says', async () => {
  for (const { tenant, signIns } of listSignIns()) {
    for (const { email, is } of signIns) {
      const memberships = await membershipsOf(email);
      const here = memberships.find(
        (membership) => membership.tenantId === tenants.find(({ name }) => name === tenant)?.id,
      );
      assert.ok(here, `${email} is a member of ${tenant}`);
      assert.equal(here.role, is === 'owner' ? 'owner' : 'member');
      assert.equal(here.companyIds?.length ?? null, is.includes('only') ? 1 : null);
    }
  }
});

test('ISO-8: the clerk is limited to the first company', async () => {
  const [first] = demoTenants;
  const clerk = first?.members.find(({ email }) => email.startsWith('clerk@'));
  const [membership] = await membershipsOf(clerk?.email ?? '');
  const company = tenants[0]?.companies.find(({ name }) => name === first?.companies[0]);
  assert.deepEqual(membership?.companyIds, [company?.id]);
});

test('the advisor is a member of two tenants', async () => {
  assert.equal((await membershipsOf(advisor.email)).length, 2);
});

test('ids are the same on every machine', () => {
  assert.deepEqual(
    tenants.map(({ id }) => id),
    [
      'ed15ae03-1b24-46f1-9b07-e574395e365d',
      '5c85abca-3869-4f24-bf3f-0d17290e1df5',
      'c08f53a0-5f25-4684-9bc8-301b286d57f4',
    ],
  );
});
