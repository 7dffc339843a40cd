import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { refusal, type Person } from '../../../test/fixture.ts';
import { SingleSignOnScene } from '../../../test/singleSignOn.ts';
import { findConnections } from './discover.ts';
import { addDomain, listDomains, verifyDomain } from './domain.ts';
import { recheckDomains } from './recheckDomains.ts';

const day = 24 * 3_600_000;

const scene = await SingleSignOnScene.open();
const { fixture, identity, superuser, worker, parts, openTenant, insider } = scene;
after(() => scene.close());

describe('domains (AUT-7)', () => {
  const txt = (...records: string[]) => ({
    resolveTxt: () => Promise.resolve(records.map((record) => [record])),
  });
  const named = async (owner: Person, name: string) => {
    const { domainId } = await addDomain(parts(owner), { name });
    const found = (await listDomains(owner.session)).find(({ id }) => id === domainId);
    assert.ok(found);
    return { where: { domainId, tenantId: owner.tenantId, accountId: owner.accountId }, domain: found };
  };

  test('are proved by their record, exactly', async () => {
    const owner = await fixture.person();
    const { where, domain } = await named(owner, 'Bücher.Example.');
    assert.equal(domain.name, 'xn--bcher-kva.example');
    assert.equal(domain.record.name, '_bulkhead-challenge.xn--bcher-kva.example');
    const unproven = refusal('domain_unproven');
    const { value } = domain.record;
    await assert.rejects(verifyDomain(identity, txt(), where), unproven);
    await assert.rejects(verifyDomain(identity, txt(`${value} `), where), unproven);
    await assert.rejects(verifyDomain(identity, txt(value.toUpperCase()), where), unproven);
    await assert.rejects(verifyDomain(identity, txt(`x${value}`), where), unproven);
    await assert.rejects(
      verifyDomain(identity, { resolveTxt: () => Promise.reject(new Error('SERVFAIL')) }, where),
      unproven,
    );
    await verifyDomain(
      identity,
      { resolveTxt: () => Promise.resolve([['other'], [value.slice(0, 9), value.slice(9)]]) },
      where,
    );
    assert.ok((await listDomains(owner.session))[0]?.verifiedAt);
    await assert.rejects(addDomain(parts(owner), { name: 'bücher.example' }), refusal('domain_exists'));
    for (const name of [
      'localhost',
      'a b.example',
      '-a.example',
      '1.2.3.4',
      '',
      `${'a'.repeat(64)}.example`,
    ]) {
      await assert.rejects(addDomain(parts(owner), { name }), refusal('domain_invalid'), name);
    }
  });

  test('have one owner, who holds them while the record is there; a stranger learns nothing', async () => {
    const [holder, stranger] = [await fixture.person(), await fixture.person()];
    const held = await named(holder, 'contested.example');
    await verifyDomain(identity, txt(held.domain.record.value), held.where);
    const claim = await named(stranger, 'contested.example');
    assert.equal(claim.domain.verifiedAt, null);
    await assert.rejects(
      verifyDomain(identity, txt(held.domain.record.value), claim.where),
      refusal('domain_unproven'),
    );
    await assert.rejects(
      verifyDomain(identity, txt(held.domain.record.value, claim.domain.record.value), claim.where),
      refusal('domain_taken'),
    );
    await verifyDomain(identity, txt(claim.domain.record.value), claim.where);
    assert.equal((await listDomains(holder.session))[0]?.verifiedAt, null);
    await assert.rejects(
      fixture
        .as(holder.tenantId, holder.accountId)
        .query('select identity.verify_domain($1, now(), null)', [held.where.domainId]),
      { code: 'privilege_refused' },
    );
  });

  test('are looked up every day, and lost after seven days without their record', async () => {
    const tenant = await openTenant();
    const [domain] = await listDomains(tenant.owner.session);
    const check = (present: boolean) =>
      recheckDomains({
        pool: worker,
        clock: identity.clock,
        resolveTxt: (name) =>
          present && name === domain?.record.name
            ? txt(domain.record.value).resolveTxt()
            : Promise.reject(new Error('ENOTFOUND')),
      });
    const state = async () => (await listDomains(tenant.owner.session))[0];
    assert.equal((await check(false)).checked, 0);
    fixture.advance(day);
    assert.ok((await check(false)).checked > 0);
    assert.ok((await state())?.failingSince);
    fixture.advance(day);
    await check(true);
    assert.equal((await state())?.failingSince, null);
    for (let days = 0; days < 7; days += 1) {
      fixture.advance(day);
      await check(false);
      assert.ok((await state())?.verifiedAt);
    }
    fixture.advance(day);
    assert.ok((await check(false)).lost > 0);
    assert.equal((await state())?.verifiedAt, null);
    const { rowCount } = await superuser.query(
      `select from bulkhead.audit_entry where tenant_id = $1 and action = 'domain.lose'`,
      [tenant.owner.tenantId],
    );
    assert.equal(rowCount, 1);
  });

  test('tell where to sign in by domain, the same for anybody in it (AUT-12)', async () => {
    const tenant = await openTenant();
    const known = await insider(tenant, 'known');
    const expected = [{ id: tenant.connectionId, protocol: 'oidc' }];
    assert.deepEqual(await findConnections(identity, known.email), expected);
    assert.deepEqual(await findConnections(identity, `nobody@${tenant.domain.toUpperCase()}`), expected);
    assert.deepEqual(await findConnections(identity, 'a@unknown.example'), []);
    assert.deepEqual(await findConnections(identity, 'no address'), []);
  });
});
