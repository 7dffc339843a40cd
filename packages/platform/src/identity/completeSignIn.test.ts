import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { goodPassword, nobody, openFixture, refusal, signedIn, type Fixture } from '../../test/fixture.ts';
import { completeSignIn } from './completeSignIn.ts';
import type { IdentityDependencies, SignInRule } from './dependencies.ts';
import { readSession } from './readSession.ts';
import { signIn } from './signIn.ts';
import type { FirstProof } from './signInRule.ts';

const device = { ip: '192.0.2.7', userAgent: 'test' };
const proofs: readonly FirstProof[] = ['password', 'magic_link', 'provider', 'passkey'];

describe('completeSignIn, the one way to a session (T-34, T-39)', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
  });
  after(() => fixture.close());

  const complete = (accountId: string, verifiedBy: FirstProof, on: Partial<IdentityDependencies> = {}) =>
    completeSignIn({ ...fixture.identity, ...on }, { accountId, device, methods: ['x'], verifiedBy });
  const sessionsOf = async (accountId: string): Promise<number> => {
    const { rows } = await superuser.query<{ n: number }>(
      'select count(*)::int as n from identity.session where account_id = $1 and ended_at is null',
      [accountId],
    );
    return rows[0]?.n ?? 0;
  };
  const asking: SignInRule = () =>
    Promise.resolve({ kind: 'factor_required', challenge: 'opaque', factors: ['totp'] });
  const allowing: SignInRule = () => Promise.resolve({ kind: 'allow' });
  const disable = async (email: string): Promise<void> => {
    const owner = await fixture.connect('owner');
    await owner.query(`select identity.disable_account($1, 'left the company', now())`, [email]);
  };
  const untilWaiting = async (): Promise<void> => {
    for (;;) {
      const { rows } = await superuser.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
    }
  };

  it('asks every rule for every kind of first proof, and starts no session when one does not allow', async () => {
    const { accountId } = await fixture.person();
    for (const proof of proofs) {
      const asked: string[] = [];
      const noting =
        (name: string, rule: SignInRule): SignInRule =>
        async (attempt, decision) => {
          asked.push(`${name} ${attempt.verifiedBy} ${decision.account.id === accountId}`);
          return rule(attempt, decision);
        };
      const signInRules = [noting('one', allowing), noting('two', asking), noting('three', allowing)];
      // oxlint-disable-next-line no-await-in-loop -- one after another
      assert.deepEqual(await complete(accountId, proof, { signInRules }), {
        kind: 'factor_required',
        challenge: 'opaque',
        factors: ['totp'],
      });
      assert.deepEqual(asked, [`one ${proof} true`, `two ${proof} true`]);
    }
    assert.equal(await sessionsOf(accountId), 0);
  });

  it('waits for the disk: no crash forgets a sign-in that was answered, nor its audit entry (AUD-1)', async () => {
    const person = await fixture.person();
    const seen: unknown[] = [];
    const looking: SignInRule = async (_attempt, { client }) => {
      const { rows } = await client.query<{ synchronous_commit: string }>('show synchronous_commit');
      seen.push(rows[0]?.synchronous_commit);
      return { kind: 'allow' };
    };
    const pool = new pg.Pool({
      ...fixture.database.connections.identity,
      options: '-c synchronous_commit=on',
    });
    try {
      await signedIn({ ...fixture.identity, pool, signInRules: [looking] }, person);
    } finally {
      await pool.end();
    }
    assert.deepEqual(seen, ['on']);
  });

  it('refuses with what a rule refuses, and leaves nothing of its transaction', async () => {
    const { accountId } = await fixture.person();
    const writing: SignInRule = async (_attempt, { client }) => {
      await client.query('update identity.account set email_verified_at = null where id = $1', [accountId]);
      throw new TypeError('single sign-on is enforced');
    };
    await assert.rejects(complete(accountId, 'password', { signInRules: [writing] }), /is enforced/);
    const { rows } = await superuser.query<{ verified: boolean }>(
      'select email_verified_at is not null as verified from identity.account where id = $1',
      [accountId],
    );
    assert.deepEqual(rows, [{ verified: true }]);
  });

  it('refuses an account that is disabled, or is none, whatever was proved', async () => {
    const { accountId, email } = await fixture.person();
    await disable(email);
    for (const proof of proofs) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(complete(accountId, proof), refusal('account_disabled'));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await assert.rejects(complete(nobody, proof), refusal('sign_in_refused'));
    }
  });

  it('is over before an account is disabled, or comes after it: no session survives', async () => {
    const { accountId, email } = await fixture.person();
    const { promise: disabling, resolve } = Promise.withResolvers<void>();
    const meanwhile: SignInRule = async () => {
      const waiting = disable(email);
      await untilWaiting();
      resolve(waiting);
      return { kind: 'allow' };
    };
    const outcome = await complete(accountId, 'provider', { signInRules: [meanwhile] });
    await disabling;
    assert.ok(outcome.kind === 'session');
    assert.equal(await sessionsOf(accountId), 0);
    assert.equal(await readSession(fixture.anotherProcess(), outcome.session.token), null);
  });

  it('mutation: without holding the account, a session outlives the end of all of them', async () => {
    const { accountId, email } = await fixture.person();
    const loose = new Proxy(fixture.identity.pool, {
      get(target, name) {
        if (name !== 'connect') {
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        }
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get: (inner, property) => {
              if (property !== 'query') {
                const value: unknown = Reflect.get(inner, property);
                return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
              }
              return (text: string, values?: unknown[]) =>
                inner.query(text.replace(/for share\s*$/, ''), values);
            },
          });
        };
      },
    });
    const meanwhile: SignInRule = async () => {
      await disable(email);
      return { kind: 'allow' };
    };
    const outcome = await complete(accountId, 'provider', { signInRules: [meanwhile], pool: loose });
    assert.equal(outcome.kind, 'session');
    assert.equal(await sessionsOf(accountId), 1, 'a live session of a disabled account');
  });

  it('refuses a password that was replaced between its comparison and the session', async () => {
    const { accountId, email } = await fixture.person();
    const passwords = fixture.identity.passwords;
    const replacing = Object.create(passwords) as typeof passwords;
    replacing.verify = async (typed, stored) => {
      const outcome = await passwords.verify(typed, stored);
      await superuser.query(
        'update identity.password set hash = $2, changed_at = now() where account_id = $1',
        [accountId, await passwords.hash('a password chosen meanwhile')],
      );
      return outcome;
    };
    const on = { ...fixture.identity, passwords: replacing };
    await assert.rejects(signIn(on, { email, password: goodPassword, device }), refusal('sign_in_refused'));
    assert.equal(await sessionsOf(accountId), 0);
    await signedIn(fixture.identity, { email, password: 'a password chosen meanwhile' });
  });

  it('carries methods and class of the proofs into the session', async () => {
    const { accountId } = await fixture.person();
    const outcome = await completeSignIn(fixture.identity, {
      accountId,
      device,
      methods: ['pwd', 'otp', 'mfa'],
      verifiedBy: 'password',
      secondFactor: 'totp',
      acr: 'urn:example:two',
    });
    assert.ok(outcome.kind === 'session');
    const session = await readSession(fixture.identity, outcome.session.token);
    assert.deepEqual([session?.methods, session?.acr], [['pwd', 'otp', 'mfa'], 'urn:example:two']);
  });
});
