import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { challengeOf, codeAt, factorsOf, sessionOf, withPasskey, withTotp } from '../../../test/factors.ts';
import { goodPassword, openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { endSessions } from '../endSessions.ts';
import { signIn } from '../signIn.ts';
import {
  assertFreshProof,
  completeFactor,
  passkeySignInOptions,
  signInWithPasskey,
  stepUp,
  type FactorDependencies,
} from './index.ts';

const step = 30_000;

/** A pool of bulkhead_identity in whose statements one condition reads otherwise. */
class AlteredPool extends pg.Pool {
  readonly #from: string;
  readonly #to: string;
  /** How many statements were altered: a mutation that meets none proves nothing. */
  altered = 0;

  constructor(config: pg.PoolConfig, [from, to]: readonly [string, string]) {
    super(config);
    this.#from = from;
    this.#to = to;
    this.on('error', () => {});
    this.on('connect', (client) => this.#alter(client));
  }

  #alter(client: pg.PoolClient): void {
    const query = client.query.bind(client) as (...values: unknown[]) => unknown;
    const altering = (text: unknown, ...rest: unknown[]): unknown => {
      if (typeof text !== 'string' || !text.includes(this.#from)) return query(text, ...rest);
      this.altered += 1;
      return query(text.replace(this.#from, this.#to), ...rest);
    };
    client.query = altering as typeof client.query;
  }
}

// Each control is attacked as it stands and must hold; then it alone is taken out, and the same attack must succeed.
describe('each control of the factors is what stops its attack', () => {
  let fixture: Fixture;
  let factors: FactorDependencies;
  before(async () => {
    fixture = await openFixture();
    factors = factorsOf(fixture);
  });
  after(() => fixture.close());

  type Attack = (attacked: FactorDependencies) => Promise<unknown>;
  const withoutCondition = async (condition: readonly [string, string], attack: Attack, code: string) => {
    await assert.rejects(attack(factors), refusal(code), 'the control holds');
    const pool = new AlteredPool(fixture.database.connections.identity, condition);
    try {
      await attack({ ...factors, pool });
      assert.ok(pool.altered > 0, 'the condition was met');
    } finally {
      await pool.end();
    }
  };
  const withoutTrigger = async (table: string, work: () => Promise<void>): Promise<void> => {
    const owner = await fixture.connect('owner');
    await owner.query(`alter table ${table} disable trigger keep_spent`);
    try {
      await work();
    } finally {
      await owner.query(`alter table ${table} enable trigger keep_spent`);
    }
  };
  const redeemTwice =
    (person: Person, proof: () => { kind: 'totp' | 'recovery_code'; code: string }): Attack =>
    async (attacked) => {
      const twice = proof();
      for (let times = 0; times < 2; times += 1) {
        const challenge = await challengeOf(factors, person);
        await completeFactor(attacked, { challenge, proof: twice, device: {} });
      }
    };

  it('the replay guard of one-time codes', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const attack = redeemTwice(person, () => {
      fixture.advance(step);
      return { kind: 'totp', code: codeAt(secret, factors.clock()) };
    });
    await withoutCondition(['and last_step < $2', ''], attack, 'code_refused');
  });

  it('the single use of a recovery code', async () => {
    const person = await fixture.person();
    const { recoveryCodes } = await withTotp(factors, person);
    let next = 0;
    const attack = redeemTwice(person, () => ({ kind: 'recovery_code', code: recoveryCodes[next++] ?? '' }));
    await withoutTrigger('identity.recovery_code', () =>
      withoutCondition(['and used_at is null', ''], attack, 'code_refused'),
    );
  });

  it('the single use of a pending sign-in', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const attack: Attack = async (attacked) => {
      const challenge = await challengeOf(factors, person);
      for (let times = 0; times < 2; times += 1) {
        fixture.advance(step);
        const proof = { kind: 'totp', code: codeAt(secret, factors.clock()) } as const;
        await completeFactor(attacked, { challenge, proof, device: {} });
      }
    };
    await assert.rejects(attack(factors), refusal('sign_in_expired'));
    await withoutTrigger('identity.pending_sign_in', async () => {
      const pool = new AlteredPool(fixture.database.connections.identity, ['consumed_at is null', 'true']);
      try {
        await attack({ ...factors, pool });
      } finally {
        await pool.end();
      }
      assert.ok(pool.altered > 0);
    });
  });

  it('the single use of a passkey’s challenge', async () => {
    const { authenticator } = await withPasskey(factors, await fixture.person());
    const attack: Attack = async (attacked) => {
      const response = authenticator.answer(await passkeySignInOptions(factors));
      await signInWithPasskey(attacked, { response, device: {} });
      await signInWithPasskey(attacked, { response, device: {} });
    };
    await withoutTrigger('identity.passkey_challenge', () =>
      withoutCondition(['and consumed_at is null', ''], attack, 'passkey_refused'),
    );
  });

  it('the purpose of a passkey’s challenge', async () => {
    const person = await fixture.person();
    const { authenticator, sessionId } = await withPasskey(factors, person);
    const session = { id: sessionId, confinedTo: null, account: { id: person.accountId, operator: false } };
    const attack: Attack = async (attacked) => {
      const response = authenticator.answer(await passkeySignInOptions(factors));
      await stepUp(attacked, { session, proof: { kind: 'passkey', response }, device: {} });
    };
    await withoutCondition(
      [
        `and purpose = $2 and consumed_at is null and expires_at > $3
       and account_id is not distinct from $4 and session_id is not distinct from $5
       and pending_sign_in_id is not distinct from $6`,
        `and $2 <> '' and consumed_at is null and expires_at > $3
       and coalesce($4::text, $5::text, $6::text, '') is not null`,
      ],
      attack,
      'passkey_refused',
    );
  });

  it('the signature counter', async () => {
    const { authenticator } = await withPasskey(factors, await fixture.person());
    const attack: Attack = async (attacked) => {
      for (const signCount of [9, 8]) {
        const response = authenticator.answer(await passkeySignInOptions(factors), { signCount });
        await signInWithPasskey(attacked, { response, device: {} });
      }
      const response = authenticator.answer(await passkeySignInOptions(factors), { signCount: 1 });
      await signInWithPasskey(attacked, { response, device: {} });
    };
    await withoutCondition(
      ['(sign_count < $2 or (sign_count = 0 and $2 = 0))', '$2 >= 0'],
      attack,
      'passkey_refused',
    );
  });

  it('the relying party’s origin and domain', async () => {
    const { authenticator } = await withPasskey(factors, await fixture.person());
    const evil = 'https://evil.example';
    const attack: Attack = async (attacked) => {
      const response = authenticator.answer(await passkeySignInOptions(factors), {
        origin: evil,
        rpId: 'evil.example',
      });
      await signInWithPasskey(attacked, { response, device: {} });
    };
    await assert.rejects(attack(factors), refusal('passkey_refused'));
    await attack({ ...factors, relyingParty: () => ({ id: 'evil.example', origin: evil }) });
  });

  it('the limit on guesses', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const attack: Attack = async (attacked) => {
      for (let guesses = 0; guesses < 6; guesses += 1) {
        const challenge = await challengeOf(factors, person);
        const proof = { kind: 'totp', code: '000000' } as const;
        await completeFactor(attacked, { challenge, proof, device: {} }).catch((error: { code: string }) =>
          assert.equal(
            error.code,
            guesses < 5 || attacked !== factors ? 'code_refused' : 'attempts_exhausted',
          ),
        );
      }
      fixture.advance(step);
      const proof = { kind: 'totp', code: codeAt(secret, factors.clock()) } as const;
      await completeFactor(attacked, { challenge: await challengeOf(factors, person), proof, device: {} });
    };
    await withoutCondition(
      ['and attempted_at > $3 and failed', 'and attempted_at > $3 and false'],
      attack,
      'attempts_exhausted',
    );
  });

  it('the end of sign-ins that wait for a factor, with the sessions of the account', async () => {
    const person = await fixture.person();
    const { secret } = await withTotp(factors, person);
    const { accountId } = person;
    const attack: Attack = async (attacked) => {
      const challenge = await challengeOf(factors, person);
      await endSessions(attacked, { accountId, reason: 'ended_elsewhere' });
      fixture.advance(step);
      const proof = { kind: 'totp', code: codeAt(secret, factors.clock()) } as const;
      await completeFactor(factors, { challenge, proof, device: {} });
    };
    await withoutCondition(
      ['where account_id = $1 and consumed_at is null', 'where account_id = $1 and false'],
      attack,
      'sign_in_expired',
    );
  });

  it('the rule that asks for a second factor (T-39)', async () => {
    const person = await fixture.person();
    await withTotp(factors, person);
    const attempt = { email: person.email, password: goodPassword, device: {} };
    assert.equal((await signIn(factors, attempt)).kind, 'factor_required');
    assert.equal((await signIn({ ...factors, signInRules: [] }, attempt)).kind, 'session');
  });

  it('the freshness and the strength that step-up asks for', async () => {
    const person = await fixture.person();
    const { sessionId } = await sessionOf(factors, person);
    const session = { id: sessionId, confinedTo: null, account: { id: person.accountId, operator: false } };
    fixture.advance(11 * 60_000);
    const attack: Attack = (attacked) => assertFreshProof(attacked, session);
    await assert.rejects(attack(factors), refusal('step_up_required'));
    await attack({ ...factors, stepUpWithin: Infinity });
    await withTotp(factors, person);
    await withoutCondition(
      ['select s.auth_time, s.amr', `select now() + interval '1000 years' as auth_time, array['mfa'] as amr`],
      attack,
      'step_up_required',
    );
  });
});
