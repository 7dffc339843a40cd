import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { codeAt, factorsOf, withTotp } from '../../../test/factors.ts';
import { goodPassword, refusal, type Person } from '../../../test/fixture.ts';
import { device, SingleSignOnScene, type Tenant } from '../../../test/singleSignOn.ts';
import { withMutant } from '../../../test/mutant.ts';
import { completeFactor, stepUp } from '../factor/index.ts';
import { readSession } from '../readSession.ts';
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

  test('so it is, once, where a session was there before the policy, and where the tenant is one of several', async () => {
    const told = async () => {
      const { rows } = await superuser.query<{ target_id: string }>(
        `select target_id from bulkhead.audit_entry where tenant_id = $1 and action = 'session.break_glass'
         order by occurred_at`,
        [tenant.owner.tenantId],
      );
      return rows.map(({ target_id }) => target_id);
    };
    const before = await told();
    await require(false, []);
    fixture.advance(30_000);
    const asked = await passwordOf(tenant.owner);
    assert.ok(asked.kind === 'factor_required');
    const proof = { kind: 'totp', code: codeAt(secret, identity.clock()) } as const;
    const session = await completeFactor(factors, { challenge: asked.challenge, proof, device });
    const outcome = { kind: 'session', session } as const;
    await reached(outcome);
    assert.deepEqual(await told(), before, 'nothing was broken yet');
    await require(true, [tenant.owner.accountId]);
    const everywhere = await Promise.all([1, 2, 3].map(() => reached(outcome)));
    assert.deepEqual(everywhere[2], [tenant.owner.tenantId]);
    assert.deepEqual(await told(), [...before, session.sessionId]);
    await reached(outcome);
    assert.deepEqual(await told(), [...before, session.sessionId]);
    await superuser.query(`update identity.session set break_glass_tenants = '{}' where id = $1`, [
      session.sessionId,
    ]);
    const restore = await inFunction(
      'identity.memberships_of_session(text, uuid)',
      'if reached.breaks_glass then',
      'if false then',
    );
    await reached(outcome);
    assert.deepEqual(await told(), [...before, session.sessionId], 'mutation: nobody would know');
    await superuser.query(restore);
  });

  test('a provider that lies about whom it signs in uses up no tries of that person', async () => {
    const person = await insider(tenant, 'guessed');
    const { secret: own } = await withTotp(factors, person);
    const wrong = { kind: 'totp', code: '000000' } as const;
    const lie = async (using: typeof stepUp, first: number) => {
      const outcome = await signInWithProvider(person);
      const confined = await readSession(identity, outcome.token);
      assert.ok(confined !== null && confined.confinedTo === tenant.owner.tenantId);
      for (let tries = first; tries < 5; tries += 1) {
        await assert.rejects(
          using(factors, { session: confined, proof: wrong, device }),
          refusal('code_refused'),
        );
      }
      await assert.rejects(
        using(factors, { session: confined, proof: wrong, device }),
        refusal('attempts_exhausted'),
      );
    };
    const signInWithProvider = async ({ email }: Pick<Person, 'email'>) => {
      const outcome = await enter(tenant, { email, methods: ['mfa'] });
      assert.ok(outcome.kind === 'session', outcome.kind);
      return outcome.session;
    };
    const proveOneself = async () => {
      const asked = await passwordOf(person);
      assert.ok(asked.kind === 'factor_required');
      fixture.advance(30_000);
      const proof = { kind: 'totp', code: codeAt(own, identity.clock()) } as const;
      const session = await completeFactor(factors, { challenge: asked.challenge, proof, device });
      fixture.advance(30_000);
      const stepping = {
        id: session.sessionId,
        confinedTo: null,
        account: { id: person.accountId, operator: false },
      };
      const again = { kind: 'totp', code: codeAt(own, identity.clock()) } as const;
      await stepUp(factors, { session: stepping, proof: again, device });
    };
    await lie(stepUp, 0);
    await proveOneself();
    const mutation = {
      file: 'identity/factor/stepUp.ts',
      from: `session.confinedTo === null ? 'step_up' : 'confined_step_up'`,
      to: `'step_up'`,
    };
    await withMutant<{ stepUp: typeof stepUp }, void>(
      mutation,
      'identity/factor/index.ts',
      async (mutant) => {
        const confined = await readSession(identity, (await signInWithProvider(person)).token);
        assert.ok(confined !== null);
        for (let tries = 0; tries < 5; tries += 1) {
          await assert.rejects(mutant.stepUp(factors, { session: confined, proof: wrong, device }));
        }
        await assert.rejects(proveOneself(), refusal('attempts_exhausted'), 'mutation: it would');
      },
    );
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
