import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { challengeOf, codeAt, factorsOf, withTotp } from '../../../test/factors.ts';
import { openFixture, refusal, type Fixture } from '../../../test/fixture.ts';
import { VaultError } from '../../vault/index.ts';
import { addTotp, completeFactor, confirmTotp, type FactorDependencies } from './index.ts';
import { matchTotpStep, totpAddress, totpSecretText } from './totp.ts';

const step = 30_000;

describe('one-time codes', () => {
  it('are those of RFC 6238, appendix B', () => {
    const secret = Buffer.from('12345678901234567890');
    for (const [seconds, code] of [
      [59, '287082'],
      [1_111_111_109, '081804'],
      [1_111_111_111, '050471'],
      [1_234_567_890, '005924'],
      [2_000_000_000, '279037'],
      [20_000_000_000, '353130'],
    ] as const) {
      assert.equal(matchTotpStep(secret, code, seconds * 1000), Math.floor(seconds / 30));
    }
  });

  it('are accepted one step before and after, at each edge, and not two', () => {
    const edge = fc.constantFrom(0, 1, 14_999, 29_000, 29_999);
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 2 ** 31 }),
        edge,
        fc.integer({ min: -3, max: 3 }),
        (at, within, off) => {
          const secret = randomBytes(20);
          const code = codeAt(totpSecretText(secret), (at + off) * step);
          const matched = matchTotpStep(secret, code, at * step + within);
          // One code in a million is another step's too.
          if (Math.abs(off) <= 1) assert.ok(matched !== null);
          else assert.ok(matched === null || matched !== at + off);
        },
      ),
    );
  });

  it('are read with spaces, and nothing else is a code', () => {
    const secret = randomBytes(20);
    const code = codeAt(totpSecretText(secret), 0);
    assert.equal(matchTotpStep(secret, ` ${code.slice(0, 3)} ${code.slice(3)} `, 0), 0);
    fc.assert(
      fc.property(fc.string(), (typed) => {
        fc.pre(!/^\s*(\d\s*){6}$/.test(typed));
        assert.equal(matchTotpStep(secret, typed, 0), null);
      }),
    );
  });

  it('are set up by an address that apps understand', () => {
    const address = new URL(totpAddress(Buffer.alloc(20, 1), { issuer: 'Bulkhead', label: 'a@example.org' }));
    assert.equal(address.protocol, 'otpauth:');
    assert.equal(address.host, 'totp');
    assert.equal(decodeURIComponent(address.pathname), '/Bulkhead:a@example.org');
    assert.equal(address.searchParams.get('secret'), totpSecretText(Buffer.alloc(20, 1)));
    assert.equal(address.searchParams.get('issuer'), 'Bulkhead');
  });
});

describe('an authenticator app (AUT-10)', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
  });
  after(() => fixture.close());

  const complete = (challenge: string, code: string) =>
    completeFactor(factors, { challenge, proof: { kind: 'totp', code }, device: {} });

  it('counts from its first code on, within a quarter of an hour', async () => {
    const person = await fixture.person();
    const actor = { accountId: person.accountId, device: {} };
    const first = await addTotp(factors, { accountId: person.accountId, label: 'Old' });
    const { factorId, secret } = await addTotp(factors, { accountId: person.accountId, label: 'New' });
    const now = (): string => codeAt(secret, factors.clock());
    await assert.rejects(
      confirmTotp(factors, { actor, factorId: first.factorId, code: codeAt(first.secret, factors.clock()) }),
      refusal('factor_missing'),
      'the later one replaces it',
    );
    await assert.rejects(confirmTotp(factors, { actor, factorId, code: '000000' }), refusal('code_refused'));
    const other = await fixture.person();
    await assert.rejects(
      confirmTotp(factors, { actor: { accountId: other.accountId, device: {} }, factorId, code: now() }),
      refusal('factor_missing'),
      'it is another account’s',
    );
    const { recoveryCodes } = await confirmTotp(factors, { actor, factorId, code: now() });
    assert.equal(recoveryCodes?.length, 10);
    await assert.rejects(confirmTotp(factors, { actor, factorId, code: now() }), refusal('factor_missing'));
    const late = await addTotp(factors, { accountId: person.accountId, label: 'Late' });
    fixture.advance(15 * 60_000);
    await assert.rejects(
      confirmTotp(factors, { actor, factorId: late.factorId, code: codeAt(late.secret, factors.clock()) }),
      refusal('factor_missing'),
    );
  });

  it('accepts a code once, and none that is older (RFC 6238 section 5.2)', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    await assert.rejects(
      complete(await challengeOf(factors, person), codeAt(secret, factors.clock())),
      refusal('code_refused'),
      'the code that confirmed it',
    );
    fixture.advance(step);
    const code = codeAt(secret, factors.clock());
    await complete(await challengeOf(factors, person), code);
    await assert.rejects(complete(await challengeOf(factors, person), code), refusal('code_refused'));
    const next = codeAt(secret, factors.clock() + step);
    await complete(await challengeOf(factors, person), next);
    await assert.rejects(
      complete(await challengeOf(factors, person), code),
      refusal('code_refused'),
      'the present step is older than the last accepted',
    );
  });

  it('accepts one of two redemptions at once', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    fixture.advance(step);
    const code = codeAt(secret, factors.clock());
    const challenges = [await challengeOf(factors, person), await challengeOf(factors, person)];
    const outcomes = await Promise.allSettled(challenges.map((challenge) => complete(challenge, code)));
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  it('is stored encrypted, and opens in no other row', async () => {
    const [robin, thief] = [await fixture.person(), await fixture.person()];
    const [hers, his] = [await withTotp(factors, robin), await withTotp(factors, thief)];
    const superuser = await fixture.connect('superuser');
    const { rows } = await superuser.query<{ secret_encrypted: Buffer }>(
      'select secret_encrypted from identity.totp_factor where id = $1',
      [hers.factorId],
    );
    assert.ok(!rows[0]?.secret_encrypted.includes(Buffer.from(hers.secret)));
    await superuser.query('update identity.totp_factor set secret_encrypted = $2 where id = $1', [
      hers.factorId,
      (
        await superuser.query<{ secret_encrypted: Buffer }>(
          'select secret_encrypted from identity.totp_factor where id = $1',
          [his.factorId],
        )
      ).rows[0]?.secret_encrypted,
    ]);
    fixture.advance(step);
    await assert.rejects(
      complete(await challengeOf(factors, robin), codeAt(his.secret, factors.clock())),
      VaultError,
    );
  });
});
