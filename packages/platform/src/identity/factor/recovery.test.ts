import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { challengeOf, factorsOf, withTotp } from '../../../test/factors.ts';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { readSession } from '../readSession.ts';
import {
  completeFactor,
  listFactors,
  removeFactor,
  replaceRecoveryCodes,
  type FactorDependencies,
} from './index.ts';
import { createRecoveryCode, hashRecoveryCode } from './recoveryCode.ts';

const account = '11111111-1111-4111-8111-111111111111';

describe('a recovery code', () => {
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 24 });

  it('is six groups of four, and carries 120 bits of what it is made from', () => {
    fc.assert(
      fc.property(bytes, bytes, (some, others) => {
        const code = createRecoveryCode(() => some);
        assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
        const alike = some.every((byte, at) => (byte & 31) === ((others[at] ?? 0) & 31));
        assert.equal(createRecoveryCode(() => others) === code, alike);
      }),
    );
  });

  it('is read however it is typed, and is another account’s never', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        const code = createRecoveryCode(() => some);
        const hash = hashRecoveryCode(account, code);
        assert.ok(hash !== null);
        const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
        assert.deepEqual(hashRecoveryCode(account, typed), hash);
        assert.notDeepEqual(hashRecoveryCode(account.replaceAll('1', '2'), code), hash);
      }),
    );
    for (const typed of ['', 'U'.repeat(24), '0'.repeat(23), '0'.repeat(25), `${'0'.repeat(23)}é`]) {
      assert.equal(hashRecoveryCode(account, typed), null, typed);
    }
  });
});

describe('recovery codes (AUT-10)', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
  });
  after(() => fixture.close());

  const redeem = (challenge: string, code: string) =>
    completeFactor(factors, { challenge, proof: { kind: 'recovery_code', code }, device: {} });

  it('stand in once each, also when redeemed at once', async () => {
    const person = await fixture.person();
    const { recoveryCodes } = await withTotp(factors, person);
    const [first = '', second = ''] = recoveryCodes;
    const { token } = await redeem(await challengeOf(factors, person), first);
    const session = await readSession(factors, token);
    assert.deepEqual(session?.methods, ['pwd', 'recovery', 'mfa']);
    assert.equal(session.acr, 'aal2');
    await assert.rejects(redeem(await challengeOf(factors, person), first), refusal('code_refused'));
    const challenges = [await challengeOf(factors, person), await challengeOf(factors, person)];
    const both = await Promise.allSettled(challenges.map((challenge) => redeem(challenge, second)));
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.equal((await listFactors(factors, person.accountId)).recoveryCodesLeft, 8);
  });

  it('are all replaced together, and are gone with the last factor', async () => {
    const person = await fixture.person();
    const { factorId, recoveryCodes } = await withTotp(factors, person);
    const actor = { accountId: person.accountId, device: {} };
    const renewed = await replaceRecoveryCodes(factors, actor);
    assert.equal(new Set([...renewed, ...recoveryCodes]).size, 20);
    const [old = ''] = recoveryCodes;
    const [fresh = ''] = renewed;
    const challenge = await challengeOf(factors, person);
    await assert.rejects(redeem(challenge, old), refusal('code_refused'));
    await redeem(challenge, fresh);
    await removeFactor(factors, { actor, factorId });
    assert.deepEqual(await listFactors(factors, person.accountId), { factors: [], recoveryCodesLeft: 0 });
    await assert.rejects(replaceRecoveryCodes(factors, actor), refusal('factor_missing'));
  });

  it('cannot be revived', async () => {
    const person = await fixture.person();
    const { recoveryCodes } = await withTotp(factors, person);
    await redeem(await challengeOf(factors, person), recoveryCodes[0] ?? '');
    const identity = await fixture.connect('identity');
    await assert.rejects(
      identity.query('update identity.recovery_code set used_at = null where account_id = $1', [
        person.accountId,
      ]),
      { constraint: 'recovery_code_spent' },
    );
  });
});
