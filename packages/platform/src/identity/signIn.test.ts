import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import type pg from 'pg';
import { PlatformError } from '../errors.ts';
import {
  cheapPasswords,
  goodPassword,
  openFixture,
  refusal,
  signedIn,
  type Fixture,
} from '../../test/fixture.ts';
import type { PasswordHasher } from './passwordHasher.ts';
import { readSession } from './readSession.ts';
import { signIn } from './signIn.ts';

const device = { ip: '192.0.2.7', userAgent: 'test' };

/** Records what is compared with which hash. */
function recordingPasswords(): { passwords: PasswordHasher; verified: (string | undefined)[] } {
  const passwords = cheapPasswords();
  const verified: (string | undefined)[] = [];
  const verify = passwords.verify.bind(passwords);
  passwords.verify = (typed, stored) => {
    verified.push(stored);
    return verify(typed, stored);
  };
  return { passwords, verified };
}

describe('signIn', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const storedHash = async (accountId: string): Promise<string | undefined> => {
    const { rows } = await owner.query<{ hash: string }>(
      'select hash from identity.password where account_id = $1',
      [accountId],
    );
    return rows[0]?.hash;
  };
  const importHash = async (accountId: string, hash: string): Promise<void> => {
    await owner.query('update identity.password set hash = $2 where account_id = $1', [accountId, hash]);
  };

  it('starts a session, whatever the case of the address', async () => {
    const { email, accountId } = await fixture.person();
    const started = await signedIn(fixture.identity, { email: email.toUpperCase(), device });
    const session = await readSession(fixture.identity, started.token);
    assert.equal(session?.id, started.sessionId);
    assert.equal(session?.account.id, accountId);
    assert.deepEqual(session?.methods, ['pwd']);
  });

  it('never continues a session: each sign-in has a token of its own', async () => {
    const { email } = await fixture.person();
    const [first, second] = await Promise.all([
      signedIn(fixture.identity, { email, device }),
      signedIn(fixture.identity, { email, device }),
    ]);
    assert.notEqual(first.token, second.token);
    assert.notEqual(first.sessionId, second.sessionId);
  });

  it('gives every failure the same answer after the same work (AUT-12)', async () => {
    const known = await fixture.person();
    const passwordless = await fixture.person();
    await owner.query('delete from identity.password where account_id = $1', [passwordless.accountId]);
    const attempts = [
      { email: known.email, password: 'not the right one at all' },
      { email: 'unknown@example.org', password: goodPassword },
      { email: passwordless.email, password: goodPassword },
      { email: 'not an address', password: goodPassword },
      { email: known.email, password: `${goodPassword}\0` },
      { email: known.email, password: 'x'.repeat(10_000) },
      { email: known.email, password: '' },
    ];
    const answers = new Set<string>();
    for (const attempt of attempts) {
      const { passwords, verified } = recordingPasswords();
      const outcome = await signIn({ ...fixture.identity, passwords }, { ...attempt, device }).then(
        () => assert.fail('signed in'),
        (error: unknown) => error as { name: string; code: string; message: string; kind: string },
      );
      answers.add(JSON.stringify([outcome.name, outcome.code, outcome.message, outcome.kind]));
      assert.equal(verified.length, 1, 'one hash is computed, neither more nor fewer');
    }
    assert.equal(answers.size, 1);
  });

  it('replaces an imported bcrypt hash at the first sign-in (AUT-5)', async () => {
    const { email, accountId } = await fixture.person();
    await importHash(accountId, await bcryptHash(goodPassword, { cost: 4 }));
    await assert.rejects(
      signIn(fixture.identity, { email, password: `${goodPassword}!`, device }),
      refusal('sign_in_refused'),
    );
    assert.match((await storedHash(accountId)) ?? '', /^\$2b\$/);
    await signIn(fixture.identity, { email, password: goodPassword, device });
    const upgraded = await storedHash(accountId);
    assert.match(upgraded ?? '', /^\$argon2id\$/);
    await signIn(fixture.identity, { email, password: goodPassword, device });
    assert.equal(await storedHash(accountId), upgraded, 'and only once');
  });

  it('keeps a bcrypt hash whose password is longer than bcrypt reads', async () => {
    const { email, accountId } = await fixture.person();
    const password = 'seven copper lanterns drift '.repeat(4);
    await importHash(accountId, await bcryptHash(password, { cost: 4 }));
    await signIn(fixture.identity, { email, password: `${password}slip`, device });
    assert.match((await storedHash(accountId)) ?? '', /^\$2b\$/);
    await signIn(fixture.identity, { email, password, device });
  });

  it('signs in although too many hashes are under way to upgrade this one', async () => {
    const { email, accountId } = await fixture.person();
    const stored = await bcryptHash(goodPassword, { cost: 4 });
    await importHash(accountId, stored);
    const passwords = cheapPasswords();
    passwords.hash = () => Promise.reject(new PlatformError('busy'));
    await signIn({ ...fixture.identity, passwords }, { email, password: goodPassword, device });
    assert.equal(await storedHash(accountId), stored);
  });

  it('refuses a password that was changed while it was verified, and does not overwrite the new one (T-34)', async () => {
    const { email, accountId } = await fixture.person();
    await importHash(accountId, await bcryptHash(goodPassword, { cost: 4 }));
    const passwords = cheapPasswords();
    const changed = await passwords.hash('a password chosen meanwhile');
    const hash = passwords.hash.bind(passwords);
    passwords.hash = async (password) => {
      await importHash(accountId, changed);
      return hash(password);
    };
    await assert.rejects(
      signIn({ ...fixture.identity, passwords }, { email, password: goodPassword, device }),
      refusal('sign_in_refused'),
    );
    assert.equal(await storedHash(accountId), changed);
  });

  it('tells a disabled account’s owner, and nobody else', async () => {
    const { email, accountId } = await fixture.person();
    await owner.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [accountId],
    );
    await assert.rejects(
      signIn(fixture.identity, { email, password: goodPassword, device }),
      refusal('account_disabled'),
    );
    await assert.rejects(
      signIn(fixture.identity, { email, password: 'not the right one at all', device }),
      refusal('sign_in_refused'),
    );
  });

  it('cannot store a password in any form but a slow hash', async () => {
    const { accountId } = await fixture.person();
    for (const hash of [
      'drift',
      '5f4dcc3b5aa765d61d8327deb882cf99',
      '$argon2i$v=19$m=8,t=1,p=1$x$y',
      '$1$x$y',
    ]) {
      await assert.rejects(importHash(accountId, hash), { constraint: 'password_hash_form' });
    }
  });
});
