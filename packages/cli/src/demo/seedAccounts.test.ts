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
import { testCipher } from '../../../../test/harness/cipher.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { advisor, castDemo, demoPassword, listSignIns, type CastTenant } from './cast.ts';
import { loadModuleDemo } from './moduleDemo.ts';
import { seedAccounts, type SeededTenant } from './seedAccounts.ts';

let database: TestDatabase;
let pool: pg.Pool;
let db: TenantPool;
let identity: IdentityDependencies;
let tenants: SeededTenant[];
let cast: CastTenant[];

before(async () => {
  database = await createTestDatabase({ template: 'full' });
  const sealer = new ContextSealer({ key: database.key });
  pool = new pg.Pool(database.connections.identity);
  db = new TenantPool({ connection: database.connections.app, sealer });
  identity = identityDependencies({ pool, sealer, cipher: testCipher() });
  cast = castDemo((await loadModuleDemo(import.meta.dirname)).demoTenants);
  tenants = await seedAccounts({ identity, db }, cast);
});
after(async () => {
  await Promise.all([pool.end(), db.close()]);
  await database.drop();
});

async function membershipsOf(email: string) {
  const device = { ip: '127.0.0.1', userAgent: 'test' };
  const outcome = await signIn(identity, { email, password: demoPassword, device });
  assert.ok(outcome.kind === 'session');
  return (await readSession(identity, outcome.session.token))?.memberships ?? [];
}

test('three tenants of different kinds with two companies each', () => {
  assert.deepEqual(
    tenants.map(({ name, companies }) => [name, companies.map((company) => company.name).toSorted()]),
    cast.map(({ name, companies }) => [name, companies.toSorted()]),
  );
  assert.equal(new Set(cast.map(({ kind }) => kind)).size, 3);
});

test('every printed sign-in works and leads where it says', async () => {
  for (const { tenant, signIns } of listSignIns(cast)) {
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
  const [first] = cast;
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
      'f449cbf0-8b07-4e4f-b538-47a596d83c40',
      'b84aaf4b-6e26-48a4-aff1-e227fb334177',
      'c03732c0-785f-431d-9a69-3e55f73441fa',
    ],
  );
});
