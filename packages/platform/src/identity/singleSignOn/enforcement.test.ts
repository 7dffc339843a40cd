import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { codeAt, factorsOf, withTotp } from '../../../test/factors.ts';
import { goodPassword, refusal, type Person } from '../../../test/fixture.ts';
import { device, SingleSignOnScene, type Tenant } from '../../../test/singleSignOn.ts';
import { completeFactor } from '../factor/index.ts';
import { signIn } from '../signIn.ts';
import { removeConnection } from './connection.ts';
import { removeDomain } from './domain.ts';
import { readSignInPolicy, setSignInPolicy } from './signInPolicy.ts';

const scene = await SingleSignOnScene.open();
const { fixture, identity, superuser, change, openTenant, enter, reached, insider, inFunction } = scene;
after(() => scene.close());

describe('when single sign-on is required (AUT-7)', () => {
  let tenant: Tenant;
  let factors: ReturnType<typeof factorsOf>;
  let secret: string;
  before(async () => {
    tenant = await openTenant();
    factors = factorsOf(fixture, { signInRules: identity.signInRules });
  });
  const passwordOf = ({ email }: Pick<Person, 'email'>) =>
    signIn(identity, { email, password: goodPassword, device });
  const require = (required: boolean, accounts: string[]) =>
    setSignInPolicy(tenant.owner.session, {
      singleSignOnRequired: required,
      breakGlassAccountIds: accounts,
    });

  test('it needs break-glass owners with a second factor, a connection and a domain', async () => {
    await assert.rejects(require(true, []), refusal('break_glass_unfit'));
    await assert.rejects(require(true, [tenant.owner.accountId]), refusal('break_glass_unfit'));
    secret = (await withTotp(factors, tenant.owner)).secret;
    const stranger = await fixture.person();
    await withTotp(factors, stranger);
    await assert.rejects(
      require(true, [tenant.owner.accountId, stranger.accountId]),
      refusal('break_glass_unfit'),
    );
    await change(tenant, { enabled: false });
    await assert.rejects(require(true, [tenant.owner.accountId]), refusal('policy_without_way_in'));
    await change(tenant, { enabled: true });
    await require(true, [tenant.owner.accountId]);
    assert.deepEqual(await readSignInPolicy(tenant.owner.session), {
      singleSignOnRequired: true,
      breakGlassAccountIds: [tenant.owner.accountId],
    });
    await assert.rejects(change(tenant, { enabled: false }), refusal('policy_without_way_in'));
    await assert.rejects(removeConnection(tenant.owner.session, tenant), refusal('policy_without_way_in'));
    await assert.rejects(removeDomain(tenant.owner.session, tenant), refusal('policy_without_way_in'));
  });

  test('a password reaches the person’s other tenants, and is refused where there are none', async () => {
    const person = await insider(tenant, 'two');
    await enter(tenant, { email: person.email });
    assert.deepEqual(await reached(await passwordOf(person)), [person.tenantId]);
    assert.deepEqual(await reached(await enter(tenant, { email: person.email })), [tenant.owner.tenantId]);
    const only = await fixture.person({ email: `only@${tenant.domain}` });
    await enter(tenant, { email: only.email });
    const other = await fixture.person();
    await superuser.query('alter table identity.membership disable trigger user');
    await superuser.query(
      'update identity.membership set account_id = $1 where account_id = $2 and tenant_id = $3',
      [other.accountId, only.accountId, only.tenantId],
    );
    await superuser.query('alter table identity.membership enable trigger user');
    await assert.rejects(passwordOf(only), refusal('single_sign_on_required'));
  });

  test('it counts at once for a session that is there', async () => {
    const person = await insider(tenant, 'early');
    await enter(tenant, { email: person.email });
    await require(false, []);
    const outcome = await passwordOf(person);
    assert.equal((await reached(outcome)).length, 2);
    await require(true, [tenant.owner.accountId]);
    assert.deepEqual(await reached(outcome), [person.tenantId]);
  });

  test('a break-glass owner gets in with password and second factor, and it is written down', async () => {
    const asked = await passwordOf(tenant.owner);
    assert.ok(asked.kind === 'factor_required');
    fixture.advance(30_000);
    const proof = { kind: 'totp', code: codeAt(secret, identity.clock()) } as const;
    const session = await completeFactor(factors, { challenge: asked.challenge, proof, device });
    assert.deepEqual(await reached({ kind: 'session', session }), [tenant.owner.tenantId]);
    const { rows } = await superuser.query(
      `select actor_id, host(ip) as ip from bulkhead.audit_entry where tenant_id = $1 and action = 'session.break_glass'`,
      [tenant.owner.tenantId],
    );
    assert.deepEqual(rows, [{ actor_id: tenant.owner.accountId, ip: '192.0.2.7' }]);
  });

  test('mutation: without the rule and the filter a password reaches the tenant', async () => {
    const person = await insider(tenant, 'mutant');
    await enter(tenant, { email: person.email });
    const outcome = await passwordOf(person);
    assert.deepEqual(await reached(outcome), [person.tenantId]);
    const restore = await inFunction(
      'identity.memberships_of_session(text, uuid)',
      'not coalesce(p.single_sign_on_required, false)',
      'true',
    );
    assert.equal((await reached(outcome)).length, 2);
    await superuser.query(restore);
  });
});
