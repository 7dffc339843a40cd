import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { missing } from '../../../../../test/harness/index.ts';
import { factorsOf, withTotp } from '../../../test/factors.ts';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { openOrganisation, origin, type Organisation } from '../../../test/saml/organisation.ts';
import { wrappings } from '../../../test/saml/wrapping.ts';
import { readSession } from '../readSession.ts';
import { changeConnection } from '../singleSignOn/connection.ts';
import { beginSaml, finishSaml, keepSamlAnswer } from './signIn.ts';

const failure = (code: string) => ({ name: 'SamlFailure', code });

describe('a sign-in with SAML (AUT-7, T-42)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let fixture: Fixture;
  let at: Organisation;
  before(async () => {
    fixture = await openFixture();
    at = await openOrganisation(fixture);
  });
  after(async () => {
    await at.provider.close();
    await fixture.close();
  });
  const entries = async (action: string) => {
    const client = await fixture.connect('superuser');
    const { rows } = await client.query<{ tenant_id: string | null; detail: { code?: string } }>(
      'select tenant_id, detail from bulkhead.audit_entry where action = $1 order by id desc',
      [action],
    );
    return rows;
  };

  it('makes an account and a member, confined to the tenant, and finds both again', async () => {
    const begun = await at.begin();
    const first = await at.comeBack(begun, await at.answer(begun));
    assert.equal(first.returnPath, '/members');
    const one = first.outcome;
    assert.ok(one.kind === 'session');
    const session = await readSession(fixture.identity, one.session.token);
    assert.equal(session?.account.email, `ada@${at.domain}`);
    assert.deepEqual(
      session.memberships.map(({ tenantId }) => tenantId),
      [at.owner.tenantId],
    );
    assert.equal(session.confinedTo, at.owner.tenantId);
    const again = await at.begin();
    const { outcome: two } = await at.comeBack(again, await at.answer(again));
    assert.ok(two.kind === 'session');
    assert.equal(two.session.accountId, one.session.accountId);
  });

  it('ends when the provider’s session ends', async () => {
    const begun = await at.begin();
    const { outcome } = await at.comeBack(begun, await at.answer(begun, { sessionMinutes: 30 }));
    assert.ok(outcome.kind === 'session');
    const life = outcome.session.absoluteExpiresAt.getTime() - fixture.identity.clock();
    assert.ok(life <= 31 * 60_000 && life > 28 * 60_000, `${life} ms`);
  });

  it('works once: the same answer again, and again in another flow, is refused', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun);
    await at.comeBack(begun, message);
    await assert.rejects(at.comeBack(begun, message), refusal('sign_in_flow_expired'));
    const other = await at.begin();
    await assert.rejects(at.comeBack(other, message), failure('answer_refused'));
  });

  it('works once for two servers at the same moment', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun);
    await keepSamlAnswer(fixture.identity, { state: begun.state, message });
    const device = { ip: '192.0.2.7' };
    const finish = () =>
      finishSaml(fixture.anotherProcess(), { connectionId: at.connectionId, origin, ...begun, device });
    const outcomes = await Promise.allSettled([finish(), finish(), finish()]);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('keeps the first answer of two posts', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun);
    const post = (text: string) => keepSamlAnswer(fixture.identity, { state: begun.state, message: text });
    await post(message);
    await post('later');
    const { outcome } = await finishSaml(fixture.identity, {
      connectionId: at.connectionId,
      origin,
      ...begun,
      device: {},
    });
    assert.equal(outcome.kind, 'session');
    await assert.rejects(post('after the end'), refusal('sign_in_flow_expired'));
  });

  it('refuses an assertion whose ID was used before, though its request is open', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun);
    const id = /Assertion [^>]*ID="([^"]+)"/.exec(Buffer.from(message, 'base64').toString())?.[1] ?? '';
    const client = await fixture.connect('superuser');
    await client.query(
      `insert into identity.saml_assertion (connection_id, id_hash, expires_at) values ($1, sha256($2::bytea), $3)`,
      [at.connectionId, id, new Date(fixture.identity.clock() + 60_000)],
    );
    await assert.rejects(at.comeBack(begun, message), failure('replayed'));
  });

  it('is refused in another browser, without the cookie, with another state, and after ten minutes', async () => {
    const [begun, other] = [await at.begin(), await at.begin()];
    const message = await at.answer(begun);
    const { state } = begun;
    await keepSamlAnswer(fixture.identity, { state, message });
    const finish = (cookie: string | undefined, from = state) =>
      finishSaml(fixture.identity, {
        connectionId: at.connectionId,
        origin,
        state: from,
        cookie,
        device: {},
      });
    await assert.rejects(finish(undefined), refusal('sign_in_flow_expired'));
    await assert.rejects(finish(other.cookie), refusal('sign_in_flow_expired'));
    await assert.rejects(finish(begun.cookie, other.state), refusal('sign_in_flow_expired'));
    await assert.rejects(finish(begun.cookie, 'x'), refusal('sign_in_flow_expired'));
    fixture.advance(10 * 60_000 + 1);
    await assert.rejects(finish(begun.cookie), refusal('sign_in_flow_expired'));
    fixture.advance(-10 * 60_000 - 1);
  });

  it('is refused for an address outside the proved domains, whatever the provider says (T-35)', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun, { user: 'eve', attributes: { mail: ['boss@elsewhere.example'] } });
    await assert.rejects(at.comeBack(begun, message), refusal('provider_domain_refused'));
  });

  it('is refused for an account whose address nobody proved (T-35)', async () => {
    await fixture.person({ email: `squatter@${at.domain}`, verified: false });
    const begun = await at.begin();
    const message = await at.answer(begun, { user: 'squatter', nameId: 'the-real-one' });
    await assert.rejects(at.comeBack(begun, message), refusal('provider_link_required'));
  });

  it('finds the account whatever the case the provider writes the address in (T-39)', async () => {
    const known = await fixture.person({ email: `mixed@${at.domain}` });
    const begun = await at.begin();
    const mail = [`MiXed@${at.domain.toUpperCase()}`];
    const { outcome } = await at.comeBack(
      begun,
      await at.answer(begun, { user: 'mixed', nameId: 'm-1', attributes: { mail } }),
    );
    assert.ok(outcome.kind === 'session');
    assert.equal(outcome.session.accountId, known.accountId);
  });

  it('asks for the second factor a person has, unless the connection trusts a provider that says it did (T-39)', async () => {
    const factors = factorsOf(fixture);
    const person = await fixture.person({ email: `careful@${at.domain}` });
    await withTotp(factors, person);
    const through = async (context: string) => {
      const begun = await at.begin();
      const wish = { user: 'careful', nameId: 'careful', context };
      const { outcome } = await at.comeBack(begun, await at.answer(begun, wish), factors);
      return outcome.kind;
    };
    const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
    const mfa = 'https://refeds.org/profile/mfa';
    assert.equal(await through(password), 'factor_required');
    assert.equal(await through(mfa), 'factor_required');
    const parts = { session: at.owner.session, cipher: fixture.identity.cipher };
    const trust = (trustsMultiFactor: boolean) =>
      changeConnection(parts, { connectionId: at.connectionId, changes: { config: { trustsMultiFactor } } });
    await trust(true);
    assert.equal(await through(password), 'factor_required');
    assert.equal(await through(mfa), 'session');
    await trust(false);
  });

  it('is refused with a wrapped or foreign answer, told to the owner and to nobody else', async () => {
    const begun = await at.begin();
    const genuine = Buffer.from(await at.answer(begun), 'base64').toString();
    const wrapped = Buffer.from((wrappings['XSW3'] as (xml: string) => string)(genuine)).toString('base64');
    await assert.rejects(at.comeBack(begun, wrapped), failure('structure_refused'));
    const [service, tenant] = await entries('single_sign_on.refuse');
    assert.deepEqual([service?.detail.code, tenant?.detail.code], ['structure_refused', 'structure_refused']);
    assert.deepEqual(new Set([service?.tenant_id, tenant?.tenant_id]), new Set([null, at.owner.tenantId]));
    assert.ok(!JSON.stringify(service?.detail).includes('ada'));
  });

  it('does not begin, and does not end, once the connection is off or unknown', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun);
    const { identity } = fixture;
    const parts = { session: at.owner.session, cipher: identity.cipher };
    await changeConnection(parts, { connectionId: at.connectionId, changes: { enabled: false } });
    const unusable = failure('connection_unusable');
    const start = (connectionId: string) => beginSaml(identity, { connectionId, origin, returnPath: '/' });
    await assert.rejects(start(at.connectionId), unusable);
    await assert.rejects(start('99999999-9999-4999-8999-999999999999'), unusable);
    await assert.rejects(start("' or true --"), unusable);
    await assert.rejects(at.comeBack(begun, message), refusal('sign_in_flow_expired'));
    await changeConnection(parts, { connectionId: at.connectionId, changes: { enabled: true } });
  });

  it('leaves nothing behind when the server dies between the checks and the session', async () => {
    const begun = await at.begin();
    const message = await at.answer(begun, { user: 'late', nameId: 'late' });
    const client = await fixture.connect('owner');
    await client.query(
      'alter table identity.session add constraint no_session check (account_id is null) not valid',
    );
    await assert.rejects(at.comeBack(begun, message));
    await client.query('alter table identity.session drop constraint no_session');
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query(
      `select from identity.account where email_normalised = 'late@${at.domain}'`,
    );
    assert.deepEqual(rows, []);
  });
});
