import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type pg from 'pg';
import {
  cheapPasswords,
  freshEmail,
  goodPassword,
  openFixture,
  refusal,
  signedIn,
} from '../../test/fixture.ts';
import type { Fixture } from '../../test/fixture.ts';
import { PlatformError } from '../errors.ts';
import { completeSignIn } from './completeSignIn.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { releaseSignIn } from './lockout.ts';
import type { LockNotice, NewDeviceNotice } from './notices.ts';
import { noNotices } from './notices.ts';
import { readSession } from './readSession.ts';
import { signIn } from './signIn.ts';

const device = { ip: '192.0.2.7', userAgent: 'test', requestId: 'request-7' };
const minute = 60_000;
const wrong = 'not the right one at all';

describe('lockout (AUT-3)', () => {
  let fixture: Fixture;
  let superuser: pg.Client;
  let identity: IdentityDependencies;
  let hashes = 0;
  const locks: LockNotice[] = [];
  const newDevices: NewDeviceNotice[] = [];
  before(async () => {
    fixture = await openFixture();
    superuser = await fixture.connect('superuser');
    const passwords = cheapPasswords();
    const verify = passwords.verify.bind(passwords);
    passwords.verify = (typed, stored) => {
      hashes += 1;
      return verify(typed, stored);
    };
    const notices = {
      ...noNotices,
      signInLocked: async (_client: unknown, notice: LockNotice) => void locks.push(notice),
      signInFromNewDevice: async (_client: unknown, notice: NewDeviceNotice) => void newDevices.push(notice),
    };
    identity = { ...fixture.identity, passwords, notices };
  });
  beforeEach(async () => {
    await identity.background.settled();
    hashes = 0;
    locks.length = 0;
    newDevices.length = 0;
  });
  after(() => fixture.close());

  const attempt = (email: string, password = wrong, on = identity) => signIn(on, { email, password, device });
  const answerOf = async (email: string, password = wrong): Promise<string> =>
    attempt(email, password).then(
      () => 'signed in',
      ({ name, code, kind, message, extensions }: PlatformError) =>
        JSON.stringify([name, code, kind, message, extensions]),
    );
  const failFive = async (email: string): Promise<void> => {
    for (let n = 0; n < 5; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
      await assert.rejects(attempt(email), refusal('sign_in_refused'));
    }
  };

  it('locks after five failures: the right password is refused like a wrong one, and no hash is computed', async () => {
    const { email } = await fixture.person();
    await failFive(email);
    assert.equal(hashes, 5);
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
    assert.equal(hashes, 5);
  });

  it('locks an address without an account in the same way: same answers, same number of hashes (AUT-12)', async () => {
    const known = (await fixture.person()).email;
    const trace = async (email: string): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for (let n = 0; n < 7; n += 1) {
        hashes = 0;
        // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
        seen.push([await answerOf(email), hashes]);
      }
      return seen;
    };
    const expected = await trace(known);
    assert.deepEqual(await trace(freshEmail()), expected);
    assert.deepEqual(await trace('not an address'), expected);
    assert.equal(new Set(expected.map((one) => JSON.stringify(one))).size, 2, 'five compared, two not');
  });

  it('counts whatever the spelling of the address', async () => {
    const { email } = await fixture.person();
    for (const spelling of [email, email.toUpperCase(), ` ${email} `, email, email.replace('p', 'P')]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
      await assert.rejects(attempt(spelling), refusal('sign_in_refused'));
    }
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
    assert.equal(hashes, 5);
  });

  it('compares five passwords at most, however many arrive at once (T-34)', async () => {
    const { email } = await fixture.person();
    const other = fixture.anotherProcess();
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        attempt(email, wrong, n % 2 === 0 ? identity : { ...other, passwords: identity.passwords }).catch(
          (error: unknown) => (error as PlatformError).code,
        ),
      ),
    );
    assert.equal(hashes, 5);
    assert.ok(
      outcomes.every((code) => code === 'sign_in_refused' || code === 'busy'),
      JSON.stringify(outcomes),
    );
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
  });

  it('never ends a session that is there', async () => {
    const { email } = await fixture.person();
    const { token } = await signedIn(identity, { email });
    await failFive(email);
    identity.sessions.forgetAccount('');
    assert.equal((await readSession(fixture.anotherProcess(), token))?.account.email, email);
  });

  it('is released by time', async () => {
    const { email } = await fixture.person();
    await failFive(email);
    fixture.advance(15 * minute - 1);
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
    fixture.advance(1);
    assert.equal((await attempt(email, goodPassword)).kind, 'session');
  });

  it('is not prolonged by tries against it', async () => {
    const { email } = await fixture.person();
    await failFive(email);
    fixture.advance(14 * minute);
    await assert.rejects(attempt(email), refusal('sign_in_refused'));
    fixture.advance(minute);
    assert.equal((await attempt(email, goodPassword)).kind, 'session');
  });

  it('is released by a reset of the password, and by an operator, in the audit', async () => {
    const { email, accountId } = await fixture.person();
    await failFive(email);
    await releaseSignIn(identity, identity.pool, { id: accountId, emailNormalised: email });
    await signedIn(identity, { email });
    await failFive(email);
    const owner = await fixture.connect('owner');
    const { rows } = await owner.query<{ released: number }>(
      'select identity.unlock_account($1, $2, $3) as released',
      [email, 'proved who they are by telephone', new Date(identity.clock())],
    );
    assert.deepEqual(rows, [{ released: 5 }]);
    await signedIn(identity, { email });
    assert.equal(await entries('account.unlock', accountId), 1);
  });

  it('starts anew after a sign-in, but not after a password alone where a factor is due', async () => {
    const { email } = await fixture.person();
    const four = async (): Promise<void> => {
      for (let n = 0; n < 4; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
        await assert.rejects(attempt(email), refusal('sign_in_refused'));
      }
    };
    await four();
    await signedIn(identity, { email });
    await four();
    const asking: IdentityDependencies = {
      ...identity,
      signInRules: [() => Promise.resolve({ kind: 'factor_required', challenge: 'c', factors: ['totp'] })],
    };
    assert.equal((await attempt(email, goodPassword, asking)).kind, 'factor_required');
    await assert.rejects(attempt(email), refusal('sign_in_refused'));
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'), 'four and one are five');
  });

  it('is checked when a link or a code is redeemed, too (T-34)', async () => {
    const { email, accountId } = await fixture.person();
    await failFive(email);
    const redeemed = { accountId, device, methods: ['otp'] } as const;
    await assert.rejects(
      completeSignIn(identity, { ...redeemed, verifiedBy: 'magic_link' }),
      refusal('sign_in_refused'),
    );
    await assert.rejects(
      completeSignIn(identity, { ...redeemed, verifiedBy: 'provider', secondFactor: 'totp' }),
      refusal('sign_in_refused'),
    );
  });

  it('mutation: without the look at redemption, a link sent before the lock is honoured', async () => {
    const { email, accountId } = await fixture.person();
    await failFive(email);
    const redeem = () =>
      completeSignIn(identity, { accountId, device, methods: ['otp'], verifiedBy: 'magic_link' });
    await assert.rejects(redeem(), refusal('sign_in_refused'));
    const owner = await fixture.connect('owner');
    const signature = 'identity.is_sign_in_locked(uuid, text, timestamptz)';
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const definition = rows[0]?.definition ?? '';
    await owner.query(definition.replaceAll('>= 5', '>= 500'));
    try {
      assert.equal((await redeem()).kind, 'session');
    } finally {
      await owner.query(definition);
    }
  });

  it('does not shut out whoever guesses nothing: a passkey, or a provider', async () => {
    const { email, accountId } = await fixture.person();
    await failFive(email);
    for (const verifiedBy of ['passkey', 'provider'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
      const outcome = await completeSignIn(identity, { accountId, device, methods: ['hwk'], verifiedBy });
      assert.equal(outcome.kind, 'session');
      // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
      await failFive(email);
    }
  });

  it('tells the owner by mail and the audit, afterwards, once; an unknown address is in the audit alone', async () => {
    const { email, accountId, tenantId } = await fixture.person();
    await failFive(email);
    await assert.rejects(attempt(email), refusal('sign_in_refused'));
    await identity.background.settled();
    assert.deepEqual(
      locks.map(({ accountId: id, email: to, ip }) => [id, to, ip]),
      [[accountId, email, device.ip]],
    );
    assert.equal(locks[0]?.until.getTime(), identity.clock() + 15 * minute);
    const { rows } = await superuser.query<{ tenant_id: string | null }>(
      `select tenant_id from bulkhead.audit_entry where action = 'sign_in.lock' and target_id = $1 order by 1`,
      [accountId],
    );
    assert.deepEqual(
      rows.map(({ tenant_id: tenant }) => tenant),
      [tenantId, null],
    );
    const before = await lockEntries();
    await failFive(freshEmail());
    await identity.background.settled();
    assert.equal(await lockEntries(), before + 1);
    assert.equal(locks.length, 1);
  });

  it('counts an attempt whose server died as a failure, and takes one back that was not compared', async () => {
    const { email } = await fixture.person();
    const dying = cheapPasswords();
    dying.verify = () => new Promise(() => {});
    for (let n = 0; n < 5; n += 1) void attempt(email, goodPassword, { ...identity, passwords: dying });
    const underWay = `select count(*)::int as n from identity.sign_in_failure
      where failed_at is null and released_at is null`;
    while (((await superuser.query<{ n: number }>(underWay)).rows[0]?.n ?? 0) < 5);
    await assert.rejects(attempt(email, goodPassword), refusal('busy'));
    fixture.advance(minute);
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
    const full = cheapPasswords();
    full.verify = () => Promise.reject(new PlatformError('busy'));
    const { email: other } = await fixture.person();
    for (let n = 0; n < 9; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another is what is tested
      await assert.rejects(attempt(other, goodPassword, { ...identity, passwords: full }), refusal('busy'));
    }
    await signedIn(identity, { email: other });
  });

  it('keeps failures no longer than they are of use, and never drops one that counts', async () => {
    const worker = await fixture.connect('worker');
    await superuser.query(
      `insert into identity.sign_in_failure (address_hash, account_hash, occurred_at)
       values (sha256('a'), sha256('b'), now() - interval '2 days'), (sha256('a'), sha256('b'), now())`,
    );
    const forget = async (before: string) =>
      (await worker.query<{ n: number }>(`select identity.forget_sign_in_failures(${before})::int as n`))
        .rows[0]?.n;
    assert.equal(await forget(`now() - interval '1 day'`), 1);
    assert.equal(await forget(`now() + interval '1 day'`), 0, 'whoever asks');
  });

  it('mutation: without the count before the hash, as many passwords are compared as arrive', async () => {
    const { email } = await fixture.person();
    const owner = await fixture.connect('owner');
    const signature = 'identity.begin_sign_in(text, bytea, timestamptz, inet)';
    const { rows } = await owner.query<{ definition: string }>(
      'select pg_get_functiondef($1::regprocedure) as definition',
      [signature],
    );
    const definition = rows[0]?.definition ?? '';
    await owner.query(definition.replaceAll('>= 5', '>= 500'));
    try {
      await Promise.allSettled(Array.from({ length: 20 }, () => attempt(email)));
      assert.equal(hashes, 20);
    } finally {
      await owner.query(definition);
    }
    await assert.rejects(attempt(email, goodPassword), refusal('sign_in_refused'));
    assert.equal(hashes, 20);
  });

  it('AUT-11 a sign-in on a device not seen before is told, the first of all is not', async () => {
    const { email, accountId } = await fixture.person();
    const browser = (token?: string) => ({ ...device, browser: { token } });
    const first = await signedIn(identity, { email, device: browser() });
    assert.equal(newDevices.length, 0);
    await signedIn(identity, { email, device: browser(first.deviceToken ?? '') });
    assert.equal(newDevices.length, 0);
    const stranger = await signedIn(identity, { email, device: browser('A'.repeat(43)) });
    assert.deepEqual(
      newDevices.map(({ accountId: id, ip, userAgent }) => [id, ip, userAgent]),
      [[accountId, device.ip, device.userAgent]],
    );
    assert.equal(await entries('sign_in.new_device', stranger.sessionId), 1);
    assert.equal(await entries('sign_in.complete', first.sessionId), 1);
    await signedIn(identity, { email, device });
    assert.equal(newDevices.length, 2, 'a program that names itself as a browser did is not that browser');
    await signedIn(identity, { email, device });
    assert.equal(newDevices.length, 2);
  });

  const entries = async (action: string, target: string): Promise<number> => {
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from bulkhead.audit_entry
       where action = $1 and target_id = $2 and tenant_id is null`,
      [action, target],
    );
    return rows[0]?.n ?? 0;
  };
  const lockEntries = async (): Promise<number> => {
    const { rows } = await superuser.query<{ n: number }>(
      `select count(*)::int as n from bulkhead.audit_entry where action = 'sign_in.lock' and tenant_id is null`,
    );
    return rows[0]?.n ?? 0;
  };
});
