import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nobody, openFixture, refusal, type Fixture } from '../../test/fixture.ts';
import { createCompany, listCompanies, readTenant, renameCompany, renameTenant } from './index.ts';

describe('tenants', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  it('are read and renamed by their own people alone', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person()];
    const renamed = await renameTenant(host.session, { name: '  Vale Holding  ' });
    assert.equal(renamed.name, 'Vale Holding');
    assert.deepEqual(await readTenant(host.session), { ...renamed, secondFactorRequired: false });
    assert.equal(renamed.id, host.tenantId);
    assert.equal((await readTenant(stranger.session)).name, 'Vale & Co');
    await assert.rejects(renameTenant(host.session, { name: '' }), refusal('input_invalid'));
  });

  it('are missing under a context for none', async () => {
    const session = fixture.as(nobody, nobody);
    await assert.rejects(readTenant(session), refusal('tenant_missing'));
    await assert.rejects(renameTenant(session, { name: 'Mine' }), refusal('tenant_missing'));
  });

  it('cannot be made, cancelled or moved by the application role', async () => {
    const { session } = await fixture.person();
    for (const text of [
      `insert into tenants.tenant (name) values ('Mine')`,
      'update tenants.tenant set deleted_at = now()',
      `update tenants.tenant set id = '${nobody}', tenant_id = '${nobody}'`,
      'delete from tenants.tenant',
    ]) {
      await assert.rejects(session.query(text), { sqlstate: '42501' }, text);
    }
  });
});

describe('companies', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  it('are created, listed by name and renamed', async () => {
    const { session } = await fixture.person();
    const south = await createCompany(session, { name: 'South' });
    const north = await createCompany(session, { name: 'North' });
    assert.deepEqual(await listCompanies(session), [north, south]);
    assert.deepEqual(await listCompanies(session, { companyIds: [south.id] }), [south]);
    assert.equal(
      (await renameCompany(session, { companyId: south.id, name: 'Deep South' })).name,
      'Deep South',
    );
  });

  it('have names that are unique within their tenant, and only there (T-11)', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person()];
    const north = await createCompany(host.session, { name: 'North' });
    await createCompany(stranger.session, { name: 'North' });
    await assert.rejects(createCompany(host.session, { name: 'North' }), refusal('company_exists'));
    const south = await createCompany(host.session, { name: 'South' });
    await assert.rejects(
      renameCompany(host.session, { companyId: south.id, name: north.name }),
      refusal('company_exists'),
    );
  });

  it('of another tenant are missing (ISO-3)', async () => {
    const [host, stranger] = [await fixture.person(), await fixture.person()];
    const { id } = await createCompany(host.session, { name: 'North' });
    await assert.rejects(
      renameCompany(stranger.session, { companyId: id, name: 'Taken' }),
      refusal('company_missing'),
    );
    assert.deepEqual(await listCompanies(stranger.session, { companyIds: [id] }), []);
  });
});
