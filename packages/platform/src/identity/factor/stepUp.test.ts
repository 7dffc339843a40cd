import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { challengeOf, codeAt, factorsOf, sessionOf, withPasskey, withTotp } from '../../../test/factors.ts';
import { goodPassword, openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { readSession } from '../readSession.ts';
import {
  addTotp,
  assertFreshProof,
  completeFactor,
  confirmTotp,
  removeFactor,
  stepUp,
  stepUpPasskeyOptions,
  StepUpRequired,
  type FactorDependencies,
  type StepUpProof,
  type StepUpWay,
} from './index.ts';

const minute = 60_000;
const step = 30_000;

describe('step-up (AUT-10)', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
  });
  after(() => fixture.close());

  const at = (person: Person, sessionId: string) => ({
    id: sessionId,
    confinedTo: null,
    account: { id: person.accountId, operator: false },
  });
  const required =
    (...ways: StepUpWay[]) =>
    (error: unknown) =>
      error instanceof StepUpRequired &&
      error.code === 'step_up_required' &&
      JSON.stringify(error.extensions) === JSON.stringify({ acceptable: ways });
  const freshCode = (secret: string): string => {
    fixture.advance(step);
    return codeAt(secret, factors.clock());
  };
  const raise = (person: Person, sessionId: string, proof: StepUpProof) =>
    stepUp(factors, { session: at(person, sessionId), proof, device: {} });

  it('is not asked within ten minutes of a sign-in, and asks for the password after', async () => {
    const person = await fixture.person();
    const { sessionId } = await sessionOf(factors, person);
    await assertFreshProof(factors, at(person, sessionId));
    fixture.advance(10 * minute);
    await assertFreshProof(factors, at(person, sessionId));
    fixture.advance(1);
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), required('password'));
    await assert.rejects(
      raise(person, sessionId, { kind: 'password', password: `${goodPassword}!` }),
      refusal('sign_in_refused'),
    );
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), required('password'));
    await raise(person, sessionId, { kind: 'password', password: goodPassword });
    await assertFreshProof(factors, at(person, sessionId));
  });

  it('gives the session a new token, time, methods and class at once, and the old token nothing', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const before = await sessionOf(factors, person);
    assert.deepEqual((await readSession(factors, before.token))?.methods, ['pwd']);
    const code = freshCode(secret);
    const after = await raise(person, before.sessionId, { kind: 'totp', code });
    assert.equal(after.sessionId, before.sessionId);
    assert.deepEqual(after.absoluteExpiresAt, before.absoluteExpiresAt);
    assert.equal(await readSession(factors, before.token), null);
    const session = await readSession(factors, after.token);
    assert.deepEqual(session?.methods, ['pwd', 'otp', 'mfa']);
    assert.equal(session.acr, 'aal2');
    assert.equal(session.authenticatedAt.getTime(), factors.clock());
    await assert.rejects(raise(person, before.sessionId, { kind: 'totp', code }), refusal('code_refused'));
  });

  it('asks for the factor of an account that has one, not for its password', async () => {
    const person = await fixture.person();
    const { sessionId } = await sessionOf(factors, person);
    const { secret, factorId, recoveryCodes } = await withTotp(factors, person);
    const ways = required('totp', 'recovery_code');
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), ways, 'although it is fresh');
    await assert.rejects(raise(person, sessionId, { kind: 'password', password: goodPassword }), ways);
    await raise(person, sessionId, { kind: 'totp', code: freshCode(secret) });
    await assertFreshProof(factors, at(person, sessionId));
    fixture.advance(11 * minute);
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), ways);
    const code = recoveryCodes[0] ?? '';
    await raise(person, sessionId, { kind: 'recovery_code', code });
    await assertFreshProof(factors, at(person, sessionId));
    await assert.rejects(raise(person, sessionId, { kind: 'recovery_code', code }), refusal('code_refused'));
    await removeFactor(factors, { actor: { accountId: person.accountId, device: {} }, factorId });
    fixture.advance(11 * minute);
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), required('password'));
  });

  it('takes a passkey’s answer in the session that asked for it, once', async () => {
    const person = await fixture.person();
    const { authenticator, sessionId } = await withPasskey(factors, person);
    const elsewhere = await sessionOf(factors, person);
    const options = await stepUpPasskeyOptions(factors, at(person, sessionId));
    const proof = { kind: 'passkey', response: authenticator.answer(options) } as const;
    await assert.rejects(raise(person, elsewhere.sessionId, proof), refusal('passkey_refused'));
    await raise(person, sessionId, proof);
    await assert.rejects(raise(person, sessionId, proof), refusal('passkey_refused'));
    const again = await stepUpPasskeyOptions(factors, at(person, sessionId));
    const unverified = authenticator.answer(again, { userVerified: false });
    await assert.rejects(
      raise(person, sessionId, { kind: 'passkey', response: unverified }),
      refusal('passkey_refused'),
    );
  });

  it('sends an account with neither password nor factor back to its sign-in', async () => {
    const person = await fixture.person();
    const { sessionId } = await sessionOf(factors, person);
    const superuser = await fixture.connect('superuser');
    await superuser.query('delete from identity.password where account_id = $1', [person.accountId]);
    fixture.advance(11 * minute);
    await assert.rejects(assertFreshProof(factors, at(person, sessionId)), required('sign_in'));
    await assert.rejects(
      raise(person, sessionId, { kind: 'password', password: goodPassword }),
      required('sign_in'),
    );
  });

  it('looks at the database: a disabled account, an ended session and a revoked operator are refused at once', async () => {
    const person = await fixture.person();
    const { sessionId, token } = await sessionOf(factors, person);
    const session = await readSession(factors, token);
    assert.ok(session !== null);
    const superuser = await fixture.connect('superuser');
    const operator = { ...session, account: { ...session.account, operator: true } };
    await assert.rejects(assertFreshProof(factors, operator), refusal('permission_refused'));
    const other = await fixture.person();
    await assert.rejects(
      assertFreshProof(factors, { ...session, account: { ...session.account, id: other.accountId } }),
      refusal('signed_out'),
    );
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [person.accountId],
    );
    await assert.rejects(assertFreshProof(factors, session), refusal('signed_out'));
    assert.equal(await readSession(factors, token), null, 'the cache is told, too');
    await superuser.query(
      `update identity.account set disabled_at = null, disabled_reason = null where id = $1`,
      [person.accountId],
    );
    await superuser.query(
      `update identity.session set ended_at = now(), ended_reason = 'operator' where id = $1`,
      [sessionId],
    );
    await assert.rejects(assertFreshProof(factors, session), refusal('signed_out'));
  });

  it('may be guessed five times, which keeps nobody from signing in; nor the reverse', async () => {
    const person = await fixture.person();
    const { sessionId } = await sessionOf(factors, person);
    const { secret } = await withTotp(factors, person);
    const guess = (): Promise<unknown> => raise(person, sessionId, { kind: 'totp', code: '000000' });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, guess));
    const codes = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : '',
    );
    assert.deepEqual(codes.toSorted(), [
      ...Array.from({ length: 3 }, () => 'attempts_exhausted'),
      ...Array.from({ length: 5 }, () => 'code_refused'),
    ]);
    const challenge = await challengeOf(factors, person);
    const proof = { kind: 'totp', code: freshCode(secret) } as const;
    await completeFactor(factors, { challenge, proof, device: {} });
  });

  // What a session may do, as a model of three facts, against the database.
  it('is satisfied exactly by a fresh proof that is strong enough, in any order of events', async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 8 }) }),
      fc.constantFrom(
        { kind: 'password' as const },
        { kind: 'code' as const },
        { kind: 'add' as const },
        { kind: 'remove' as const },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        const person = await fixture.person();
        const actor = { accountId: person.accountId, device: {} };
        const { sessionId } = await sessionOf(factors, person);
        let [proved, strong] = [factors.clock(), false];
        let app: { factorId: string; secret: string } | undefined;
        for (const happening of events) {
          if (happening.kind === 'wait') fixture.advance(happening.minutes * minute);
          if (happening.kind === 'add' && app === undefined) {
            app = await addTotp(factors, { accountId: person.accountId, label: 'x' });
            const code = codeAt(app.secret, factors.clock());
            await confirmTotp(factors, { actor, factorId: app.factorId, code });
          } else if (happening.kind === 'remove' && app !== undefined) {
            await removeFactor(factors, { actor, factorId: app.factorId });
            app = undefined;
          } else if (happening.kind === 'password') {
            const tried = raise(person, sessionId, { kind: 'password', password: goodPassword });
            if (app === undefined) {
              await tried;
              proved = factors.clock();
            } else await assert.rejects(tried, required('totp', 'recovery_code'));
          } else if (happening.kind === 'code') {
            if (app === undefined) {
              await assert.rejects(
                raise(person, sessionId, { kind: 'totp', code: '000000' }),
                required('password'),
              );
            } else {
              await raise(person, sessionId, { kind: 'totp', code: freshCode(app.secret) });
              [proved, strong] = [factors.clock(), true];
            }
          }
          const satisfied = factors.clock() - proved <= 10 * minute && (app === undefined || strong);
          const asked = assertFreshProof(factors, at(person, sessionId));
          if (satisfied) await asked;
          else await assert.rejects(asked, StepUpRequired);
        }
      }),
      { numRuns: 40 },
    );
  });
});
