import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { codeAt, factorsOf, withTotp } from '../../../test/factors.ts';
import { goodPassword, openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { proveDomain, ruled } from '../../../test/oidc/organisation.ts';
import { completeFactor } from '../factor/index.ts';
import type { IdentityDependencies, SignInOutcome } from '../index.ts';
import { readSession } from '../readSession.ts';
import { signIn } from '../signIn.ts';
import type { ProviderAssertion } from './assertion.ts';
import {
  changeConnection,
  createConnection,
  listConnections,
  loadConnection,
  removeConnection,
  type ConnectionChanges,
} from './connection.ts';
import { findConnections } from './discover.ts';
import { addDomain, listDomains, removeDomain, verifyDomain } from './domain.ts';
import { beginFlow, keepAnswer, openFlow, safeReturnPath } from './flow.ts';
import { linkWithAssertion, signInWithAssertion } from './signIn.ts';
import { listLinks, removeLink } from './link.ts';
import { purgeFlows, recheckDomains } from './recheckDomains.ts';
import { readSignInPolicy, setSignInPolicy } from './signInPolicy.ts';

const device = { ip: '192.0.2.7' };
const day = 24 * 3_600_000;

type Tenant = { owner: Person; domain: string; domainId: string; connectionId: string };

describe('what a tenant’s identity provider may do, and may not (AUT-7)', () => {
  let fixture: Fixture;
  let identity: IdentityDependencies;
  let superuser: pg.Client;
  let worker: pg.Pool;
  let tenants = 0;
  before(async () => {
    fixture = await openFixture();
    identity = ruled(fixture.identity);
    superuser = await fixture.connect('superuser');
    worker = new pg.Pool(fixture.database.connections.worker);
  });
  after(async () => {
    await worker.end();
    await fixture.close();
  });

  const parts = ({ session }: Person) => ({
    session,
    cipher: identity.cipher,
    randomBytes: identity.randomBytes,
  });
  const change = (tenant: Tenant, changes: ConnectionChanges) =>
    changeConnection(parts(tenant.owner), { connectionId: tenant.connectionId, changes });
  const openTenant = async (changes: ConnectionChanges = {}): Promise<Tenant> => {
    tenants += 1;
    const owner = await fixture.person();
    const domain = `tenant-${tenants}.example`;
    const { connectionId } = await createConnection(parts(owner), {
      protocol: 'oidc',
      name: 'Own',
      config: {},
      secret: 'the client’s secret',
    });
    const domainId = await proveDomain(identity, { owner, domain });
    const tenant = { owner, domain, domainId, connectionId };
    await change(tenant, { enabled: true, justInTime: true, ...changes });
    return tenant;
  };
  const asserted = (more: Partial<ProviderAssertion> & { email: string }): ProviderAssertion => ({
    issuer: 'https://issuer.example',
    subject: more.email,
    emailVerified: true,
    name: 'Ada',
    groups: [],
    methods: [],
    ...more,
  });
  const flowOf = async (
    target: { connectionId: string } | { provider: string },
    link?: { accountId: string; sessionId: string },
  ) => {
    const begun = await beginFlow(identity, { target, link, returnPath: '/', secrets: { nonce: 'n' } });
    return openFlow(identity, begun);
  };
  const enter = async (
    { connectionId }: Pick<Tenant, 'connectionId'>,
    assertion: Partial<ProviderAssertion> & { email: string },
  ): Promise<SignInOutcome> =>
    signInWithAssertion(identity, {
      flow: await flowOf({ connectionId }),
      assertion: asserted(assertion),
      device,
    });
  const reached = async (outcome: SignInOutcome): Promise<string[]> => {
    assert.ok(outcome.kind === 'session', outcome.kind);
    identity.sessions.forgetAccount(outcome.session.accountId);
    const session = await readSession(identity, outcome.session.token);
    return session?.memberships.map(({ tenantId }) => tenantId) ?? ['no session'];
  };
  /** Somebody of the tenant's domain with a tenant of their own besides. */
  const insider = ({ domain }: Tenant, name: string): Promise<Person> =>
    fixture.person({ email: `${name}@${domain}` });

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

  describe('when single sign-on is required', () => {
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

  const inFunction = async (signature: string, from: string, to: string): Promise<string> => {
    const { rows } = await superuser.query<{ text: string }>(
      'select pg_get_functiondef($1::regprocedure) as text',
      [signature],
    );
    const text = rows[0]?.text ?? '';
    assert.equal(text.split(from).length, 2, `${signature} holds: ${from}`);
    await superuser.query(text.replace(from, to));
    return text;
  };

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

  describe('domains', () => {
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

  test('linking from settings adds a provider of the service to who is signed in, and nobody else', async () => {
    const person = await fixture.person();
    const signedIn = await signIn(identity, { email: person.email, password: goodPassword, device });
    assert.ok(signedIn.kind === 'session');
    const link = { accountId: person.accountId, sessionId: signedIn.session.sessionId };
    const assertion = asserted({ email: 'private@mail.example', subject: 'linked' });
    await linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion,
      device,
    });
    const [linked] = await listLinks(identity, person.accountId);
    assert.equal(linked?.email, 'private@mail.example');
    const flow = await flowOf({ provider: 'example' });
    const outcome = await signInWithAssertion(identity, { flow, assertion, device });
    assert.ok(outcome.kind === 'session' && outcome.session.accountId === person.accountId);
    const again = linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion,
      device,
    });
    await assert.rejects(again, refusal('provider_link_exists'));
    await superuser.query(
      `update identity.session set ended_at = now(), ended_reason = 'signed_out' where id = $1`,
      [link.sessionId],
    );
    const ended = linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion: { ...assertion, subject: 'x' },
      device,
    });
    await assert.rejects(ended, refusal('sign_in_flow_expired'));
    const stranger = await fixture.person();
    await assert.rejects(
      removeLink(identity, { accountId: stranger.accountId, linkId: linked.id, device }),
      refusal('provider_link_missing'),
    );
    await removeLink(identity, { accountId: person.accountId, linkId: linked.id, device });
    assert.deepEqual(await listLinks(identity, person.accountId), []);
  });

  test('a flow keeps the first answer, returns to paths of the console, and is purged', async () => {
    const tenant = await openTenant();
    const begun = await beginFlow(identity, { target: tenant, returnPath: '//evil.example', secrets: {} });
    await keepAnswer(identity, { state: begun.state, answer: 'first' });
    await keepAnswer(identity, { state: begun.state, answer: 'second' });
    const flow = await openFlow(identity, begun);
    assert.deepEqual([flow.answer, flow.returnPath], ['first', '/']);
    for (const path of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/a?next=//evil',
      '/a#b',
      '/api/x',
      '/rpc',
      '/sign-in/oidc/start',
      '/../x',
      '/a//b',
      '/%2f%2fevil',
      undefined,
      `/${'a'.repeat(500)}`,
    ]) {
      assert.equal(safeReturnPath(path), '/', path);
    }
    assert.equal(safeReturnPath('/invoices/3f2a-1'), '/invoices/3f2a-1');
    fixture.advance(2 * 3_600_000);
    assert.ok((await purgeFlows({ pool: worker, clock: identity.clock })) > 0);
    await assert.rejects(openFlow(identity, begun), refusal('sign_in_flow_expired'));
  });
});
