import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { codeAt, factorsOf, withTotp } from '../../../test/factors.ts';
import { goodPassword, refusal } from '../../../test/fixture.ts';
import { proveDomain } from '../../../test/oidc/organisation.ts';
import { device, SingleSignOnScene } from '../../../test/singleSignOn.ts';
import { completeFactor } from '../factor/index.ts';
import { readSession } from '../readSession.ts';
import { signIn } from '../signIn.ts';
import {
  changeConnection,
  createConnection,
  listConnections,
  loadConnection,
  removeConnection,
} from './connection.ts';
import { addDomain, removeDomain } from './domain.ts';
import { listLinks } from './link.ts';
import { setSignInPolicy } from './signInPolicy.ts';

const scene = await SingleSignOnScene.open();
const {
  fixture,
  identity,
  superuser,
  parts,
  change,
  openTenant,
  flowOf,
  enter,
  reached,
  insider,
  inFunction,
} = scene;
after(() => scene.close());

describe('what a tenant’s identity provider may do, and may not (AUT-7)', () => {
  test('it cannot sign in as anybody outside its proved domains', async () => {
    const evil = await openTenant();
    const victim = await fixture.person({ email: 'victim@elsewhere.example' });
    await assert.rejects(enter(evil, { email: victim.email }), refusal('provider_domain_refused'));
    await assert.rejects(
      enter(evil, { email: `victim@sub.${evil.domain}` }),
      refusal('provider_domain_refused'),
    );
    const named = await addDomain(
      { session: evil.owner.session, randomBytes: identity.randomBytes },
      { name: 'elsewhere.example' },
    );
    assert.ok(named.domainId);
    await assert.rejects(enter(evil, { email: victim.email }), refusal('provider_domain_refused'));
    assert.deepEqual(await listLinks(identity, victim.accountId), []);
  });

  test('within them it reaches its own tenant and none of the person’s others', async () => {
    const tenant = await openTenant();
    const person = await insider(tenant, 'both');
    const outcome = await enter(tenant, { email: person.email });
    assert.deepEqual(await reached(outcome), [tenant.owner.tenantId]);
    const own = await signIn(identity, { email: person.email, password: goodPassword, device });
    assert.deepEqual((await reached(own)).sort(), [tenant.owner.tenantId, person.tenantId].sort());
  });

  test('a domain that changed hands opens nothing of its former users’', async () => {
    const before = await openTenant();
    const person = await insider(before, 'former');
    await enter(before, { email: person.email });
    const buyer = await fixture.person();
    const { connectionId } = await createConnection(parts(buyer), {
      protocol: 'oidc',
      name: 'New',
      config: {},
      secret: null,
    });
    await proveDomain(identity, { owner: buyer, domain: before.domain });
    const bought = { owner: buyer, domain: before.domain, domainId: '', connectionId };
    await change(bought, { enabled: true, justInTime: true });
    assert.deepEqual(await reached(await enter(bought, { email: person.email })), [buyer.tenantId]);
    await assert.rejects(enter(before, { email: person.email }), refusal('provider_domain_refused'));
  });

  test('T-40: a link is its connection’s own, whatever issuer and subject another claims', async () => {
    const [honest, evil] = [await openTenant(), await openTenant()];
    const outcome = await enter(honest, { email: `ada@${honest.domain}`, subject: 'ada' });
    const claimed = await enter(evil, { email: `mallory@${evil.domain}`, subject: 'ada' });
    assert.ok(outcome.kind === 'session' && claimed.kind === 'session');
    assert.notEqual(claimed.session.accountId, outcome.session.accountId);
  });

  test('T-35: an account that never proved its address is not linked, and takes nobody’s sign-ins', async () => {
    const tenant = await openTenant();
    const squatter = await fixture.person({ email: `squat@${tenant.domain}`, verified: false });
    await assert.rejects(enter(tenant, { email: squatter.email }), refusal('provider_link_required'));
    await assert.rejects(
      enter(tenant, { email: `x@${tenant.domain}`, emailVerified: false }),
      refusal('provider_email_unverified'),
    );
    assert.deepEqual(await listLinks(identity, squatter.accountId), []);
  });

  test('switched off, removed, or its domain given up, its sessions reach nothing at once', async () => {
    const tenant = await openTenant();
    const outcome = await enter(tenant, { email: `ada@${tenant.domain}` });
    assert.equal((await reached(outcome)).length, 1);
    await change(tenant, { enabled: false });
    assert.deepEqual(await reached(outcome), []);
    await assert.rejects(flowOf(tenant), refusal('sign_in_flow_expired'));
    await change(tenant, { enabled: true });
    assert.equal((await reached(outcome)).length, 1);
    await removeDomain(tenant.owner.session, { domainId: tenant.domainId });
    assert.deepEqual(await reached(outcome), []);
    await removeConnection(tenant.owner.session, { connectionId: tenant.connectionId });
    assert.deepEqual(await listConnections(tenant.owner.session), []);
    await assert.rejects(loadConnection(identity, tenant.connectionId), refusal('provider_missing'));
  });

  test('T-39: a second factor is asked for, and the session stays confined', async () => {
    const tenant = await openTenant();
    const person = await insider(tenant, 'careful');
    const factors = factorsOf(fixture, { signInRules: identity.signInRules });
    const { secret } = await withTotp(factors, person);
    const outcome = await enter(tenant, { email: person.email });
    assert.ok(outcome.kind === 'factor_required');
    fixture.advance(30_000);
    const proof = { kind: 'totp', code: codeAt(secret, identity.clock()) } as const;
    const session = await completeFactor(factors, { challenge: outcome.challenge, proof, device });
    assert.deepEqual(await reached({ kind: 'session', session }), [tenant.owner.tenantId]);
    const trusted = await enter(tenant, { email: person.email, methods: ['mfa'] });
    assert.equal(trusted.kind, 'session');
  });

  test('an account that it makes is written down, once (AUD-1)', async () => {
    const tenant = await openTenant();
    const email = `newcomer@${tenant.domain}`;
    const first = await enter(tenant, { email });
    assert.ok(first.kind === 'session');
    await enter(tenant, { email });
    const { rows } = await superuser.query(
      `select target_id, detail from bulkhead.audit_entry
       where action = 'account.create' and tenant_id is null and actor_id = $1`,
      [first.session.accountId],
    );
    assert.deepEqual(rows, [
      { target_id: first.session.accountId, detail: { issuer: 'https://issuer.example' } },
    ]);
  });

  test('T-39: a second factor in between does not outlast the provider’s own session (AUT-7)', async () => {
    const tenant = await openTenant();
    const person = await insider(tenant, 'hourly');
    const factors = factorsOf(fixture, { signInRules: identity.signInRules });
    const { secret } = await withTotp(factors, person);
    const endsAt = identity.clock() + 3_600_000;
    const outcome = await enter(tenant, { email: person.email, endsAt });
    assert.ok(outcome.kind === 'factor_required');
    fixture.advance(30_000);
    const proof = { kind: 'totp', code: codeAt(secret, identity.clock()) } as const;
    const session = await completeFactor(factors, { challenge: outcome.challenge, proof, device });
    assert.equal(session.absoluteExpiresAt.getTime(), endsAt);
    const ending = await enter(tenant, { email: person.email, endsAt: identity.clock() + 60_000 });
    assert.ok(ending.kind === 'factor_required');
    fixture.advance(60_000);
    const late = { kind: 'totp', code: codeAt(secret, identity.clock()) } as const;
    await assert.rejects(
      completeFactor(factors, { challenge: ending.challenge, proof: late, device }),
      refusal('sign_in_expired'),
    );
  });

  test('the database refuses a session that its connection may not start', async () => {
    const [tenant, other] = [await openTenant(), await openTenant()];
    const person = await insider(tenant, 'direct');
    await enter(tenant, { email: person.email });
    const client = await fixture.connect('identity');
    const insert = (accountId: string, connection: string | null, confined: string | null) =>
      client.query(
        `insert into identity.session (id, account_id, token_hash, created_at, last_seen_at, auth_time, idle_expires_at,
           absolute_expires_at, amr, connection_id, confined_tenant_id)
         values (gen_random_uuid(), $1, sha256($2), now(), now(), now(), now() + '1 hour', now() + '1 hour', '{fed}', $3, $4)`,
        [accountId, identity.randomBytes(8), connection, confined],
      );
    await insert(person.accountId, tenant.connectionId, tenant.owner.tenantId);
    const vouches = { code: '42501', constraint: 'connection_vouches' };
    await assert.rejects(insert(other.owner.accountId, tenant.connectionId, tenant.owner.tenantId), vouches);
    await assert.rejects(insert(person.accountId, tenant.connectionId, other.owner.tenantId), vouches);
    await assert.rejects(insert(person.accountId, tenant.connectionId, null), { code: /42501|23514/ });
    await assert.rejects(insert(person.accountId, null, tenant.owner.tenantId), {
      constraint: 'session_connection_confines',
    });
    await assert.rejects(
      client.query('update identity.session set confined_tenant_id = null, connection_id = null'),
      { code: '42501' },
    );
  });

  test('groups give roles; unmapped people may be refused; the removed stay removed', async () => {
    const mapping = [
      { value: 'staff', role: 'member' as const, moduleRoles: ['books:clerk'], companyIds: null },
      { value: 'leads', role: 'admin' as const, moduleRoles: ['books:accountant'], companyIds: null },
    ];
    const tenant = await openTenant({
      roleClaim: 'groups',
      roleMapping: mapping,
      unmapped: 'refuse',
      syncRoles: true,
    });
    const email = `grouped@${tenant.domain}`;
    const rolesOf = async (groups: string[]): Promise<unknown> => {
      const outcome = await enter(tenant, { email, groups });
      assert.ok(outcome.kind === 'session');
      identity.sessions.forgetAccount(outcome.session.accountId);
      const session = await readSession(identity, outcome.session.token);
      return session?.memberships.map(({ role, moduleRoles }) => [role, moduleRoles]);
    };
    await assert.rejects(enter(tenant, { email, groups: ['guests'] }), refusal('single_sign_on_not_member'));
    assert.deepEqual(await rolesOf(['staff']), [['member', ['books:clerk']]]);
    assert.deepEqual(await rolesOf(['staff', 'leads']), [['admin', ['books:accountant', 'books:clerk']]]);
    await assert.rejects(enter(tenant, { email, groups: [] }), refusal('single_sign_on_not_member'));
    const left = await superuser.query(
      'select from identity.membership m join identity.account a on a.id = m.account_id where a.email_normalised = $1 and m.deleted_at is null',
      [email],
    );
    assert.equal(left.rowCount, 0);
    assert.deepEqual(await rolesOf(['staff']), [['member', ['books:clerk']]]);
    await change(tenant, { syncRoles: false });
    assert.deepEqual(await rolesOf(['leads']), [['member', ['books:clerk']]]);
    await superuser.query(
      'update identity.membership m set deleted_at = now() from identity.account a where a.id = m.account_id and a.email_normalised = $1 and m.deleted_at is null',
      [email],
    );
    await assert.rejects(enter(tenant, { email, groups: ['staff'] }), refusal('single_sign_on_not_member'));
    const owner = { ...mapping[0], value: 'bosses', role: 'owner' } as never;
    await assert.rejects(change(tenant, { roleMapping: [owner] }), refusal('role_invalid'));
  });

  test('without just-in-time membership nobody joins, and no account is left behind', async () => {
    const tenant = await openTenant({ justInTime: false });
    const email = `stranger@${tenant.domain}`;
    await assert.rejects(enter(tenant, { email }), refusal('single_sign_on_not_member'));
    const made = await superuser.query('select from identity.account where email_normalised = $1', [email]);
    assert.equal(made.rowCount, 0);
  });

  test('mutation: each wall alone is what stops a lying provider', async () => {
    const evil = await openTenant();
    const victim = await insider(evil, 'held');
    const outcome = await enter(evil, { email: victim.email });
    const others = await inFunction(
      'identity.memberships_of_session(text, uuid)',
      'm.tenant_id = s.confined_tenant_id and identity.connection_vouches_for(s.connection_id, m.account_id)',
      'true',
    );
    assert.deepEqual((await reached(outcome)).sort(), [evil.owner.tenantId, victim.tenantId].sort());
    await superuser.query(others);
    assert.deepEqual(await reached(outcome), [evil.owner.tenantId]);

    const outsider = await fixture.person({ email: 'outsider@elsewhere.example' });
    const link = `insert into identity.provider_link (id, account_id, issuer, subject, email_normalised, created_at, connection_id)
      values (gen_random_uuid(), '${outsider.accountId}', 'https://issuer.example', 'outsider', '${outsider.email}', now(), '${evil.connectionId}')`;
    const client = await fixture.connect('identity');
    await assert.rejects(client.query(link), { constraint: 'connection_vouches' });
    await superuser.query('alter table identity.provider_link disable trigger refuse_unvouched');
    await client.query(link);
    await superuser.query('alter table identity.provider_link enable trigger refuse_unvouched');
    // The session has a wall of its own.
    await assert.rejects(
      enter(evil, { email: outsider.email, subject: 'outsider' }),
      refusal('provider_domain_refused'),
    );
  });

  test('owners alone configure it: an admin could otherwise sign in as one', async () => {
    const tenant = await openTenant();
    const admin = await fixture.person();
    await superuser.query(
      'insert into identity.membership (tenant_id, account_id, role) values ($1, $2, $3)',
      [tenant.owner.tenantId, admin.accountId, 'admin'],
    );
    const session = fixture.as(tenant.owner.tenantId, admin.accountId);
    const asAdmin = { session, cipher: identity.cipher, randomBytes: identity.randomBytes };
    const refused = refusal('permission_refused');
    const { connectionId, domainId } = tenant;
    const create = () => createConnection(asAdmin, { protocol: 'oidc', name: 'x', config: {}, secret: null });
    await assert.rejects(create(), refused);
    await assert.rejects(changeConnection(asAdmin, { connectionId, changes: { name: 'x' } }), refused);
    await assert.rejects(removeConnection(session, { connectionId }), refused);
    await assert.rejects(addDomain(asAdmin, { name: 'x.example' }), refused);
    await assert.rejects(removeDomain(session, { domainId }), refused);
    await assert.rejects(
      setSignInPolicy(session, { singleSignOnRequired: false, breakGlassAccountIds: [] }),
      refused,
    );
    assert.equal((await listConnections(session)).length, 1);
    const restore = await inFunction(
      'identity.create_connection(uuid, text, text, jsonb, bytea)',
      `perform identity.require_authority(identity.begin_member_change(), 'owner');`,
      '',
    );
    await create();
    await superuser.query(restore);
    await assert.rejects(create(), refused);
  });

  test('another tenant sees and changes nothing of it, and the secret is nobody’s to read', async () => {
    const [tenant, other] = [await openTenant(), await openTenant()];
    assert.deepEqual(
      (await listConnections(other.owner.session)).map(({ id }) => id),
      [other.connectionId],
    );
    const missing = changeConnection(parts(other.owner), {
      connectionId: tenant.connectionId,
      changes: { enabled: false },
    });
    await assert.rejects(missing, refusal('connection_missing'));
    await assert.rejects(
      removeDomain(other.owner.session, { domainId: tenant.domainId }),
      refusal('domain_missing'),
    );
    assert.equal((await loadConnection(identity, tenant.connectionId)).secret, 'the client’s secret');
    await assert.rejects(tenant.owner.session.query('select * from identity.connection_directory'), {
      code: 'privilege_refused',
    });
    const { rows } = await superuser.query<{ text: string }>(
      `select coalesce(before::text, '') || coalesce(after::text, '') || coalesce(detail::text, '') as text from bulkhead.audit_entry where target_type = 'identity.connection'`,
    );
    assert.ok(rows.length > 0);
    assert.doesNotMatch(rows.map(({ text }) => text).join(), /secret_encrypted|the client/);
  });

  test('before a tenant is known, nothing of one is read; under its seal, its own connections, domains and policy alone', async () => {
    const [tenant, other] = [await openTenant(), await openTenant()];
    const client = await fixture.connect('identity');
    const seen = async (): Promise<unknown[]> => {
      const { rows } = await client.query<{ tenant_id: string }>(
        'select tenant_id from identity.connection union all select tenant_id from identity.domain',
      );
      return rows.map(({ tenant_id: id }) => id);
    };
    const policies = async (): Promise<number | null> =>
      (await client.query('select tenant_id from identity.sign_in_policy')).rowCount;
    assert.deepEqual([await seen(), await policies()], [[], 0]);
    const actor = { kind: 'account', id: tenant.owner.accountId } as const;
    const context = identity.sealer.seal({ tenant: tenant.owner.tenantId, actor });
    await client.query(`select set_config('bulkhead.context', $1, false)`, [context]);
    assert.deepEqual(await seen(), [tenant.owner.tenantId, tenant.owner.tenantId]);
    const forged = context.replace(tenant.owner.tenantId, other.owner.tenantId);
    await client.query(`select set_config('bulkhead.context', $1, false)`, [forged]);
    await assert.rejects(seen(), { code: '42501' });
  });
});
