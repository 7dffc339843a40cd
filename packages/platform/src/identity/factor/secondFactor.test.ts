import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { challengeOf, codeAt, factorsOf, sessionOf, withPasskey, withTotp } from '../../../test/factors.ts';
import { goodPassword, openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { completeSignIn } from '../completeSignIn.ts';
import { endSessions } from '../endSessions.ts';
import type { FactorNotice, LockNotice } from '../notices.ts';
import { readSession } from '../readSession.ts';
import { signIn } from '../signIn.ts';
import {
  completeFactor,
  readPendingSignIn,
  removeFactor,
  secondFactorPasskeyOptions,
  type FactorDependencies,
} from './index.ts';

const step = 30_000;

describe('the second factor at sign-in (AUT-10)', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  const changes: FactorNotice[] = [];
  const locks: LockNotice[] = [];
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture, {
      notices: {
        ...fixture.identity.notices,
        factorChanged: async (_, notice) => void changes.push(notice),
        signInLocked: async (_, notice) => void locks.push(notice),
      },
    });
  });
  after(() => fixture.close());

  const totp = (challenge: string, code: string) =>
    completeFactor(factors, { challenge, proof: { kind: 'totp', code }, device: { ip: '192.0.2.9' } });
  const freshCode = (secret: string): string => {
    fixture.advance(step);
    return codeAt(secret, factors.clock());
  };

  it('is asked of an account that has one, after any first proof (T-39)', async () => {
    const person = await fixture.person();
    const { accountId, email } = person;
    const password = { email, password: goodPassword, device: {} };
    assert.equal((await signIn(factors, password)).kind, 'session');
    const { factorId } = await withTotp(factors, person);
    for (const verifiedBy of ['password', 'magic_link', 'provider'] as const) {
      const outcome = await completeSignIn(factors, { accountId, device: {}, methods: ['x'], verifiedBy });
      assert.ok(outcome.kind === 'factor_required', verifiedBy);
      assert.deepEqual(outcome.factors, ['totp', 'recovery_code']);
      assert.deepEqual(await readPendingSignIn(factors, outcome.challenge), { factors: outcome.factors });
    }
    const vouched = { accountId, device: {}, methods: ['mfa'], verifiedBy: 'provider' } as const;
    assert.equal((await completeSignIn(factors, vouched)).kind, 'session');
    await removeFactor(factors, { actor: { accountId, device: {} }, factorId });
    assert.equal((await signIn(factors, password)).kind, 'session');
  });

  it('completes one session, which shows both', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const challenge = await challengeOf(factors, person);
    const { token } = await totp(challenge, freshCode(secret));
    const session = await readSession(factors, token);
    assert.deepEqual(session?.methods, ['pwd', 'otp', 'mfa']);
    assert.equal(session.acr, 'aal2');
    await assert.rejects(totp(challenge, freshCode(secret)), refusal('sign_in_expired'));
    await assert.rejects(readPendingSignIn(factors, challenge), refusal('sign_in_expired'));
  });

  it('may be a passkey, asked for by name; another sign-in’s answer does not do', async () => {
    const person = await fixture.person();
    const { authenticator } = await withPasskey(factors, person);
    const [challenge, other] = [await challengeOf(factors, person), await challengeOf(factors, person)];
    const options = await secondFactorPasskeyOptions(factors, challenge);
    assert.deepEqual(
      options.allowCredentials?.map(({ id }) => id),
      [authenticator.credentialId],
    );
    const redeem = (to: string, response = authenticator.answer(options)) =>
      completeFactor(factors, { challenge: to, proof: { kind: 'passkey', response }, device: {} });
    await assert.rejects(redeem(other), refusal('passkey_refused'));
    const { token } = await redeem(challenge);
    assert.deepEqual((await readSession(factors, token))?.methods, ['pwd', 'hwk', 'user', 'mfa']);
    const stranger = await withPasskey(factors, await fixture.person());
    const late = await secondFactorPasskeyOptions(factors, other);
    await assert.rejects(redeem(other, stranger.authenticator.answer(late)), refusal('passkey_refused'));
  });

  it('ends after five minutes, five tries, a changed password or a disabled account', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const superuser = await fixture.connect('superuser');
    const late = await challengeOf(factors, person);
    fixture.advance(5 * 60_000);
    await assert.rejects(totp(late, freshCode(secret)), refusal('sign_in_expired'));

    const changed = await challengeOf(factors, person);
    fixture.advance(1000);
    await superuser.query('update identity.password set changed_at = $2 where account_id = $1', [
      person.accountId,
      new Date(factors.clock()),
    ]);
    await assert.rejects(totp(changed, freshCode(secret)), refusal('sign_in_expired'));

    const disabled = await challengeOf(factors, person);
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [person.accountId],
    );
    await assert.rejects(totp(disabled, freshCode(secret)), refusal('account_disabled'));
    for (const challenge of ['', 'x', 'A'.repeat(43)]) {
      await assert.rejects(totp(challenge, '123456'), refusal('sign_in_expired'));
    }
  });

  it('is asked for no more once every session of the account was ended', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const [one, all] = [await challengeOf(factors, person), await challengeOf(factors, person)];
    const { sessionId } = await sessionOf(factors, person);
    await endSessions(factors, { accountId: person.accountId, reason: 'ended_elsewhere', sessionId });
    await totp(one, freshCode(secret));
    await endSessions(factors, { accountId: person.accountId, reason: 'ended_elsewhere' });
    await assert.rejects(totp(all, freshCode(secret)), refusal('sign_in_expired'));
    const owner = await fixture.connect('owner');
    const disabled = await challengeOf(factors, person);
    const at = new Date(factors.clock());
    await owner.query(`select identity.disable_account($1, 'lost laptop', $2)`, [person.email, at]);
    await owner.query(`select identity.enable_account($1, 'found it')`, [person.email]);
    await assert.rejects(totp(disabled, freshCode(secret)), refusal('sign_in_expired'));
  });

  it('may be guessed five times in a quarter of an hour, however many try at once', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const challenges = [await challengeOf(factors, person), await challengeOf(factors, person)];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => totp(challenges[at % 2] ?? '', '000000')),
    );
    const codes = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : '',
    );
    assert.equal(codes.filter((code) => code === 'code_refused').length, 5);
    assert.ok(
      codes.every((code) => ['code_refused', 'attempts_exhausted', 'sign_in_expired'].includes(code)),
    );
    assert.deepEqual(
      locks.map(({ accountId }) => accountId),
      [person.accountId],
      'its owner is told once',
    );
    const fresh = await challengeOf(factors, person);
    await assert.rejects(
      totp(fresh, freshCode(secret)),
      refusal('attempts_exhausted'),
      'the right code, too',
    );
    fixture.advance(15 * 60_000);
    await totp(await challengeOf(factors, person), freshCode(secret));
  });

  it('is not used up by those who succeed', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    for (let times = 0; times < 7; times += 1) {
      await totp(await challengeOf(factors, person), freshCode(secret));
    }
  });

  it('is written down when added and removed, and its owner told', async () => {
    const person = await fixture.person();
    changes.length = 0;
    const { factorId } = await withTotp(factors, person);
    const actor = { accountId: person.accountId, device: { ip: '192.0.2.9', userAgent: 'test' } };
    await removeFactor(factors, { actor, factorId });
    assert.deepEqual(
      changes.map(({ change, kind, email, ip }) => [change, kind, email, ip]),
      [
        ['add', 'totp', person.email, undefined],
        ['remove', 'totp', person.email, '192.0.2.9'],
      ],
    );
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<{ action: string; target_type: string; ip: string | null }>(
      `select action, target_type, host(ip) as ip from bulkhead.audit_entry
       where tenant_id = $1 and target_id = $2 order by id`,
      [person.tenantId, factorId],
    );
    assert.deepEqual(rows, [
      { action: 'factor.add', target_type: 'identity.totp_factor', ip: null },
      { action: 'factor.remove', target_type: 'identity.totp_factor', ip: '192.0.2.9' },
    ]);
  });
});
