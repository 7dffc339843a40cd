import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { freshEmail, goodPassword, nobody, openFixture, refusal, type Fixture } from '../../test/fixture.ts';
import { createTenant, listCompanies, readTenant } from '../tenants/index.ts';
import { readSession } from './readSession.ts';
import { signUp } from './signUp.ts';

const input = (email = freshEmail()) => ({
  email,
  password: goodPassword,
  name: 'Robin Vale',
  tenantName: 'Vale & Co',
});

describe('signUp', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
  });
  after(() => fixture.close());

  const count = async (table: string): Promise<number> =>
    Number((await superuser.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]?.count);

  it('makes account, tenant, company and owner, and signs in', async () => {
    const { identity } = fixture;
    const signedUp = await signUp(identity, {
      ...input('Robin.Vale@Example.org'),
      companyName: 'Vale Trading',
      device: { ip: '192.0.2.7', userAgent: 'test' },
    });
    const session = await readSession(identity, signedUp.session?.token ?? '');
    assert.equal(session?.account.email, 'Robin.Vale@Example.org');
    assert.equal(session?.account.emailVerified, false);
    assert.deepEqual(
      session?.memberships.map(({ tenantId, tenantName, role, companyIds }) => ({
        tenantId,
        tenantName,
        role,
        companyIds,
      })),
      [{ tenantId: signedUp.tenantId, tenantName: 'Vale & Co', role: 'owner', companyIds: null }],
    );
    const tenant = fixture.as(signedUp.tenantId, signedUp.accountId);
    assert.equal((await readTenant(tenant)).name, 'Vale & Co');
    assert.deepEqual(
      (await listCompanies(tenant)).map(({ id, name }) => ({ id, name })),
      [{ id: signedUp.companyId, name: 'Vale Trading' }],
    );
  });

  it('writes who made the tenant into its audit entries (AUD-1)', async () => {
    const { accountId, tenantId } = await signUp(fixture.identity, input());
    const { rows } = await superuser.query(
      'select actor_kind, actor_id, action, target_type from bulkhead.audit_entry where tenant_id = $1 order by id',
      [tenantId],
    );
    const entry = { actor_kind: 'account', actor_id: accountId, action: 'insert' };
    assert.deepEqual(rows, [
      { ...entry, target_type: 'tenants.tenant' },
      { ...entry, target_type: 'identity.membership' },
    ]);
  });

  it('starts no session without a device', async () => {
    assert.equal((await signUp(fixture.identity, input())).session, null);
  });

  it('refuses an address that has an account, in any spelling, and leaves nothing behind', async () => {
    await signUp(fixture.identity, input('taken@example.org'));
    const before = [
      await count('identity.account'),
      await count('tenants.tenant'),
      await count('bulkhead.audit_entry'),
    ];
    for (const spelling of ['taken@example.org', 'Taken@EXAMPLE.org', 'ｔａｋｅｎ@example.org']) {
      await assert.rejects(signUp(fixture.identity, input(spelling)), refusal('email_taken'));
    }
    assert.deepEqual(
      [await count('identity.account'), await count('tenants.tenant'), await count('bulkhead.audit_entry')],
      before,
    );
  });

  it('lets exactly one of many simultaneous sign-ups have an address', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => signUp(fixture.identity, input('race@example.org'))),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as { code: string }).code, 'email_taken');
    }
    const { rows } = await superuser.query(
      `select count(*)::int as accounts, (select count(*)::int from identity.membership m join identity.account a
         on a.id = m.account_id where a.email_normalised = 'race@example.org') as memberships
       from identity.account where email_normalised = 'race@example.org'`,
    );
    assert.deepEqual(rows, [{ accounts: 1, memberships: 1 }]);
  });

  it('refuses bad input before it writes anything (EDG-4)', async () => {
    const before = await count('identity.account');
    const refusals: [object, string][] = [
      [{ email: 'robin' }, 'email_invalid'],
      [{ password: 'short' }, 'password_short'],
      [{ password: 'x'.repeat(5000) }, 'password_long'],
      [{ password: 'Robin Vale & Co 2030' }, 'password_common'],
      [{ name: ' ' }, 'input_invalid'],
      [{ name: 'Robin\u202eVale' }, 'input_invalid'],
      [{ tenantName: 'x'.repeat(201) }, 'input_invalid'],
      [{ tenantName: 'Vale\0' }, 'input_invalid'],
      [{ companyName: '' }, 'input_invalid'],
    ];
    for (const [change, code] of refusals) {
      await assert.rejects(
        signUp(fixture.identity, { ...input(), ...change }),
        refusal(code),
        JSON.stringify(change),
      );
    }
    assert.equal(await count('identity.account'), before);
  });

  it('rolls everything back when the last step fails', async () => {
    const before = await count('identity.account');
    const sealer = { seal: () => 'bh1.forged' };
    const email = freshEmail();
    await assert.rejects(signUp({ ...fixture.identity, sealer }, input(email)), { code: '42501' });
    assert.equal(await count('identity.account'), before);
    assert.ok(await signUp(fixture.identity, input(email)));
  });
});

describe('createTenant', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  it('gives an account a further tenant', async () => {
    const { accountId } = await fixture.person();
    const tenant = { ownerAccountId: accountId, name: 'Second', companyName: 'Only' };
    const { tenantId, companyId } = await createTenant(fixture.identity, tenant);
    const session = fixture.as(tenantId, accountId);
    assert.equal((await readTenant(session)).name, 'Second');
    assert.equal((await listCompanies(session))[0]?.id, companyId);
  });

  it('refuses an account that does not exist', async () => {
    await assert.rejects(
      createTenant(fixture.identity, { ownerAccountId: nobody, name: 'Nobody’s' }),
      refusal('account_missing'),
    );
  });

  it('cannot be used to become owner of a tenant that exists: not even with a seal for it (ACC-3)', async () => {
    const [victim, intruder] = [await fixture.person(), await fixture.person()];
    const client = await fixture.connect('identity');
    const seal = fixture.database.sealer.seal({
      tenant: victim.tenantId,
      actor: { kind: 'account', id: intruder.accountId },
    });
    await client.query('begin');
    await client.query(`select set_config('bulkhead.context', $1, true)`, [seal]);
    await assert.rejects(client.query(`select tenants.create_tenant('Mine', null)`), { code: '23505' });
    await client.query('rollback');
  });
});
