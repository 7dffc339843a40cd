import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SoftAuthenticator, type Behaviour } from '../../../test/authenticator.ts';
import { factorsOf, origin, sessionOf, withPasskey } from '../../../test/factors.ts';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { readSession } from '../readSession.ts';
import {
  addPasskey,
  passkeyCreationOptions,
  passkeySignInOptions,
  removeFactor,
  signInWithPasskey,
  type FactorDependencies,
} from './index.ts';

describe('a passkey (AUT-10)', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
  });
  after(() => fixture.close());

  const enter = async (authenticator: SoftAuthenticator, behaviour: Behaviour = {}) => {
    const response = authenticator.answer(await passkeySignInOptions(factors), behaviour);
    return signInWithPasskey(factors, { response, device: {} });
  };
  const stored = async (factorId: string) => {
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<{
      sign_count: string;
      backup_eligible: boolean;
      backed_up: boolean;
    }>('select sign_count, backup_eligible, backed_up from identity.passkey where id = $1', [factorId]);
    return rows[0];
  };

  it('is made discoverable, verified by its device, unattested, and not twice on one authenticator', async () => {
    const person = await fixture.person();
    const { creation, authenticator, sessionId } = await withPasskey(factors, person);
    assert.equal(creation.rp.id, 'app.example.com');
    assert.equal(creation.attestation, 'none');
    assert.equal(creation.authenticatorSelection?.residentKey, 'required');
    assert.equal(creation.authenticatorSelection.userVerification, 'required');
    assert.deepEqual(
      creation.pubKeyCredParams.map(({ alg }) => alg),
      [-8, -7, -257],
    );
    assert.equal(
      Buffer.from(creation.user.id, 'base64url').toString('hex'),
      person.accountId.replaceAll('-', ''),
    );
    const again = await passkeyCreationOptions(factors, { accountId: person.accountId, sessionId });
    assert.deepEqual(
      again.excludeCredentials?.map(({ id }) => id),
      [authenticator.credentialId],
    );
    assert.notEqual(again.challenge, creation.challenge);
  });

  it('signs in by itself, without a user name, and counts as two factors', async () => {
    const person = await fixture.person();
    const { authenticator } = await withPasskey(factors, person);
    const outcome = await enter(authenticator);
    assert.ok(outcome.kind === 'session');
    const session = await readSession(factors, outcome.session.token);
    assert.equal(session?.account.id, person.accountId);
    assert.deepEqual(session.methods, ['hwk', 'user', 'mfa']);
    assert.equal(session.acr, 'aal2');
    const synced = await withPasskey(factors, await fixture.person(), { synced: true });
    const second = await enter(synced.authenticator);
    assert.ok(second.kind === 'session');
    assert.deepEqual((await readSession(factors, second.session.token))?.methods, ['swk', 'user', 'mfa']);
  });

  it('is asked for in the same words whoever asks (AUT-12)', async () => {
    const [first, second] = [await passkeySignInOptions(factors), await passkeySignInOptions(factors)];
    assert.deepEqual({ ...first, challenge: '' }, { ...second, challenge: '' });
    assert.equal(first.allowCredentials, undefined);
    assert.equal(first.userVerification, 'required');
  });

  it('is refused from a foreign origin, for a foreign party, within a frame, unverified, absent, or misnamed', async () => {
    const { authenticator } = await withPasskey(factors, await fixture.person());
    const other = await fixture.person();
    const wrong: Behaviour[] = [
      { origin: 'https://app.example.com.evil.example' },
      { origin: 'http://app.example.com' },
      { origin: `${origin}:8443` },
      { origin: 'https://evil.app.example.com' },
      { rpId: 'evil.example' },
      { rpId: 'example.com' },
      { crossOrigin: true },
      { userVerified: false },
      { userPresent: false },
      { type: 'webauthn.create' },
      { userHandle: undefined },
      { userHandle: Buffer.from(other.accountId.replaceAll('-', ''), 'hex').toString('base64url') },
      { challenge: 'A'.repeat(43) },
      { challenge: 'short' },
    ];
    for (const behaviour of wrong) {
      await assert.rejects(
        enter(authenticator, behaviour),
        refusal('passkey_refused'),
        JSON.stringify(behaviour),
      );
    }
    assert.equal((await enter(authenticator)).kind, 'session');
  });

  it('is not added from a foreign origin, for a foreign party, unverified, or in another session', async () => {
    const person = await fixture.person();
    const { accountId } = person;
    const { sessionId } = await sessionOf(factors, person);
    const elsewhere = await sessionOf(factors, person);
    const add = async (behaviour: Behaviour, answeredIn = sessionId) => {
      const authenticator = new SoftAuthenticator({ origin });
      const options = await passkeyCreationOptions(factors, { accountId, sessionId });
      const response = authenticator.register(options, behaviour);
      const actor = { accountId, device: {}, sessionId: answeredIn };
      return addPasskey(factors, { actor, label: 'x', response });
    };
    for (const behaviour of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { userVerified: false },
      { userPresent: false },
      { type: 'webauthn.get' },
    ]) {
      await assert.rejects(add(behaviour), refusal('passkey_refused'), JSON.stringify(behaviour));
    }
    await assert.rejects(add({}, elsewhere.sessionId), refusal('passkey_refused'));
    const { recoveryCodes } = await add({});
    assert.equal(recoveryCodes?.length, 10);
    assert.equal((await add({})).recoveryCodes, null, 'the second one leaves the codes as they are');
  });

  it('belongs to one account', async () => {
    const [robin, thief] = [await fixture.person(), await fixture.person()];
    const { authenticator } = await withPasskey(factors, robin);
    const { accountId } = thief;
    const { sessionId } = await sessionOf(factors, thief);
    const options = await passkeyCreationOptions(factors, { accountId, sessionId });
    const response = new SoftAuthenticator({ origin }).register(options);
    const superuser = await fixture.connect('superuser');
    await superuser.query('update identity.passkey set credential_id = $2 where credential_id = $1', [
      Buffer.from(authenticator.credentialId, 'base64url'),
      Buffer.from(response.id, 'base64url'),
    ]);
    const actor = { accountId, device: {}, sessionId };
    await assert.rejects(addPasskey(factors, { actor, label: 'x', response }), refusal('passkey_exists'));
  });

  it('answers a challenge once, in time, and only the one it was asked', async () => {
    const { authenticator } = await withPasskey(factors, await fixture.person());
    const options = await passkeySignInOptions(factors);
    const send = (behaviour: Behaviour = {}) =>
      signInWithPasskey(factors, { response: authenticator.answer(options, behaviour), device: {} });
    assert.equal((await send()).kind, 'session');
    await assert.rejects(send(), refusal('passkey_refused'), 'replayed');

    const spoilt = await passkeySignInOptions(factors);
    const wrong = authenticator.answer(spoilt, { userVerified: false });
    await assert.rejects(
      signInWithPasskey(factors, { response: wrong, device: {} }),
      refusal('passkey_refused'),
    );
    const right = authenticator.answer(spoilt);
    await assert.rejects(
      signInWithPasskey(factors, { response: right, device: {} }),
      refusal('passkey_refused'),
    );

    const late = authenticator.answer(await passkeySignInOptions(factors));
    fixture.advance(5 * 60_000);
    await assert.rejects(
      signInWithPasskey(factors, { response: late, device: {} }),
      refusal('passkey_refused'),
    );

    const same = authenticator.answer(await passkeySignInOptions(factors));
    const both = await Promise.allSettled(
      [same, same].map((response) => signInWithPasskey(factors, { response, device: {} })),
    );
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  it('may count its uses or not, but never back; that is refused and written down', async () => {
    const counting = await withPasskey(factors, await fixture.person());
    await enter(counting.authenticator, { signCount: 5 });
    assert.equal((await stored(counting.factorId))?.sign_count, '5');
    await enter(counting.authenticator, { signCount: 6 });
    for (const signCount of [6, 5, 0]) {
      await assert.rejects(enter(counting.authenticator, { signCount }), refusal('passkey_refused'));
    }
    assert.equal((await stored(counting.factorId))?.sign_count, '6');
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<{ tenant: boolean; detail: object }>(
      `select tenant_id is not null as tenant, detail from bulkhead.audit_entry
       where action = 'passkey.regress' and target_id = $1 order by id`,
      [counting.factorId],
    );
    assert.deepEqual(
      rows.filter(({ tenant }) => tenant).map(({ detail }) => detail),
      [6, 5, 0].map((presented) => ({ stored: 6, presented })),
    );
    assert.equal(rows.length, 6, 'in the tenant’s chain and in the service’s own');
    const silent = await withPasskey(factors, await fixture.person());
    await enter(silent.authenticator);
    await enter(silent.authenticator);
  });

  it('tells whether it is backed up; one that never may be is not believed to be', async () => {
    const { authenticator, factorId } = await withPasskey(factors, await fixture.person(), {
      synced: true,
      registration: { backedUp: false },
    });
    assert.deepEqual(await stored(factorId), { sign_count: '0', backup_eligible: true, backed_up: false });
    await enter(authenticator);
    assert.equal((await stored(factorId))?.backed_up, true);
    const bound = await withPasskey(factors, await fixture.person());
    await assert.rejects(enter(bound.authenticator, { backedUp: true }), refusal('passkey_refused'));
  });

  it('works no more once removed', async () => {
    const person = await fixture.person();
    const { authenticator, factorId } = await withPasskey(factors, person);
    const answer = authenticator.answer(await passkeySignInOptions(factors));
    const actor = { accountId: person.accountId, device: {} };
    await removeFactor(factors, { actor, factorId });
    await assert.rejects(
      signInWithPasskey(factors, { response: answer, device: {} }),
      refusal('passkey_refused'),
    );
    await assert.rejects(removeFactor(factors, { actor, factorId }), refusal('factor_missing'));
    const owner = await fixture.connect('owner');
    await assert.rejects(
      owner.query('update identity.passkey set removed_at = null where id = $1', [factorId]),
      {
        constraint: 'passkey_spent',
      },
    );
  });
});
