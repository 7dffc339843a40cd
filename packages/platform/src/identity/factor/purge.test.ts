import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { challengeOf, codeAt, factorsOf, withPasskey, withTotp } from '../../../test/factors.ts';
import { openFixture, type Fixture } from '../../../test/fixture.ts';
import { completeFactor, passkeySignInOptions, purgeChallenges, type FactorDependencies } from './index.ts';

describe('what is left of sign-ins', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  let worker: pg.Pool;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
    worker = new pg.Pool(fixture.database.connections.worker);
  });
  after(async () => {
    await worker.end();
    await fixture.close();
  });

  it('is purged a day after it expired, by the worker alone, and nothing that still counts', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    await withPasskey(factors, await fixture.person());
    await passkeySignInOptions(factors);
    fixture.advance(30_000);
    const proof = { kind: 'totp', code: codeAt(secret, factors.clock()) } as const;
    await completeFactor(factors, { challenge: await challengeOf(factors, person), proof, device: {} });
    const purge = () => purgeChallenges({ worker, clock: factors.clock });
    assert.deepEqual(await purge(), { purged: 0 });
    fixture.advance(24 * 3_600_000 + 1);
    assert.deepEqual(await purge(), { purged: 1 }, 'the attempt, which began a day ago');
    fixture.advance(5 * 60_000);
    const waiting = await challengeOf(factors, person);
    assert.deepEqual(await purge(), { purged: 3 }, 'two challenges and the sign-in');
    fixture.advance(30_000);
    const next = { kind: 'totp', code: codeAt(secret, factors.clock()) } as const;
    await completeFactor(factors, { challenge: waiting, proof: next, device: {} });
    const identity = await fixture.connect('identity');
    await assert.rejects(identity.query('select identity.purge_challenges(now())'), { code: '42501' });
  });
});
