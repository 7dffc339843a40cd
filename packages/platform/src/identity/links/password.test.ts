import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, refusal, signedIn, type Fixture, type Person } from '../../../test/fixture.ts';
import { openMail, type MailFixture } from '../../../test/mail.ts';
import { readSession } from '../readSession.ts';
import { changePassword, redeemPasswordReset, requestPasswordReset } from './password.ts';

const hour = 3_600_000;
const device = { ip: '192.0.2.7', userAgent: 'test' };
const next = 'tidal gravel evening kite';

describe('choosing a new password by mail (AUT-4)', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  let superuser: pg.Client;
  before(async () => {
    fixture = await openFixture();
    mail = openMail(fixture);
    superuser = await fixture.connect('superuser');
  });
  after(async () => {
    await mail.close();
    await fixture.close();
  });

  const ask = async ({ email }: Pick<Person, 'email'>): Promise<string> => {
    await requestPasswordReset(mail.links, { email });
    await mail.answer();
    return mail.tokenFor(email, 'password_reset');
  };
  const reset = (token: string, password = next) =>
    redeemPasswordReset(mail.links, { token, password, device });

  it('sets it, ends every session at once, and signs nobody in', async () => {
    const person = await fixture.person();
    const sessions = [await signedIn(fixture.identity, person), await signedIn(fixture.identity, person)];
    assert.ok(await readSession(fixture.identity, sessions[0]?.token ?? ''));
    assert.deepEqual(await reset(await ask(person)), { accountId: person.accountId });
    for (const { token } of sessions) {
      // oxlint-disable-next-line no-await-in-loop
      assert.equal(await readSession(fixture.identity, token), null);
    }
    await assert.rejects(signedIn(fixture.identity, person), refusal('sign_in_refused'));
    await signedIn(fixture.identity, { ...person, password: next });
    const kinds = (await mail.mailTo(person.email)).map(({ kind }) => kind);
    assert.ok(kinds.includes('password_changed'));
    const { rows } = await superuser.query(
      `select distinct action from bulkhead.audit_entry where actor_id = $1 and action like 'password.%'`,
      [person.accountId],
    );
    assert.deepEqual(rows, [{ action: 'password.reset' }]);
  });

  it('works once, for one hour and not a millisecond longer', async () => {
    const person = await fixture.person();
    const token = await ask(person);
    const late = await ask(person);
    fixture.advance(hour - 1);
    await reset(token);
    await assert.rejects(reset(token, 'another gravel evening kite'), refusal('link_invalid'));
    await assert.rejects(reset(late), refusal('link_invalid'), 'the other link went with the old password');
    const later = await ask(person);
    fixture.advance(hour);
    await assert.rejects(reset(later), refusal('link_invalid'));
  });

  it('is honoured for exactly one of many redemptions at the same moment', async () => {
    const token = await ask(await fixture.person());
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => reset(token)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('is honoured once when the server dies between consuming the link and answering', async () => {
    const person = await fixture.person();
    const token = await ask(person);
    // Dies with the link consumed and nothing committed: as if it had never been redeemed.
    const dying = dieAfter(mail, superuser, 'update identity.one_time_token set consumed_at');
    await assert.rejects(redeemPasswordReset(dying, { token, password: next, device }));
    await signedIn(fixture.identity, person);
    await reset(token);
    // Dies with everything committed and the answer not sent: the link is spent.
    await assert.rejects(reset(token), refusal('link_invalid'));
    await signedIn(fixture.identity, { ...person, password: next });
  });

  it('lets the owner of a locked account in again, and nobody else', async () => {
    const person = await fixture.person();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(signedIn(fixture.identity, { ...person, password: 'wrong wrong wrong' }));
    }
    await assert.rejects(signedIn(fixture.identity, person), refusal('sign_in_refused'));
    await reset(await ask(person));
    await signedIn(fixture.identity, { ...person, password: next });
  });

  it('keeps the link when the password will not do', async () => {
    const person = await fixture.person();
    const token = await ask(person);
    await assert.rejects(reset(token, 'short'), refusal('password_short'));
    await assert.rejects(reset(token, `${person.email} 2030`), refusal('password_common'));
    await reset(token);
  });

  it('sends nothing to an address without an account, to a disabled one, or to one that was mistyped', async () => {
    const person = await fixture.person();
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [person.accountId],
    );
    const { rows: before } = await superuser.query('select count(*) from mail.message');
    for (const email of ['nobody@example.org', person.email]) {
      // oxlint-disable-next-line no-await-in-loop
      await requestPasswordReset(mail.links, { email });
    }
    assert.equal(await mail.answer(), 2);
    assert.deepEqual((await superuser.query('select count(*) from mail.message')).rows, before);
    await assert.rejects(
      requestPasswordReset(mail.links, { email: 'a@example.org,b@example.org' }),
      refusal('email_invalid'),
    );
  });

  it('goes to the address on record, whatever the case it is asked for in', async () => {
    const person = await fixture.person({ email: 'Case.Kept@example.org' });
    await requestPasswordReset(mail.links, { email: 'cASE.kEPT@EXAMPLE.org' });
    await mail.answer();
    const [message] = await mail.mailTo(person.email);
    assert.equal(message?.to, 'Case.Kept@example.org');
  });

  it('gives an account without a password one', async () => {
    const person = await fixture.person();
    await superuser.query('delete from identity.password where account_id = $1', [person.accountId]);
    await reset(await ask(person));
    await signedIn(fixture.identity, { ...person, password: next });
  });
});

describe('changing a password while signed in', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  before(async () => {
    fixture = await openFixture();
    mail = openMail(fixture);
  });
  after(async () => {
    await mail.close();
    await fixture.close();
  });

  it('asks for the old one, ends the other sessions, and withdraws the links that are out', async () => {
    const person = await fixture.person();
    const [here, there] = [
      await signedIn(fixture.identity, person),
      await signedIn(fixture.identity, person),
    ];
    await requestPasswordReset(mail.links, person);
    await mail.answer();
    const token = await mail.tokenFor(person.email, 'password_reset');
    const change = (current: string, password = next) =>
      changePassword(mail.links, {
        accountId: person.accountId,
        sessionId: here.sessionId,
        current,
        password,
        device,
      });
    await assert.rejects(change('not the old one'), refusal('password_wrong'));
    await assert.rejects(change('seven copper lanterns drift', 'short'), refusal('password_short'));
    await change('seven copper lanterns drift');
    assert.ok(await readSession(fixture.identity, here.token));
    assert.equal(await readSession(fixture.identity, there.token), null);
    await assert.rejects(
      redeemPasswordReset(mail.links, { token, password: next, device }),
      refusal('link_invalid'),
    );
  });

  it('gives whoever stole the session five guesses', async () => {
    const person = await fixture.person();
    const { sessionId } = await signedIn(fixture.identity, person);
    const guess = (current: string) =>
      changePassword(mail.links, { accountId: person.accountId, sessionId, current, password: next, device });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(guess(`guess number ${attempt}`), refusal('password_wrong'));
    }
    await assert.rejects(guess('seven copper lanterns drift'), refusal('attempts_exhausted'));
  });
});

/** Dependencies whose connection the administrator cuts once it has run a statement that begins so. */
function dieAfter(mail: MailFixture, superuser: pg.Client, statement: string): MailFixture['links'] {
  const { pool } = mail.links;
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new Proxy(client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'query') return value.bind(target) as unknown;
        return async (...args: unknown[]) => {
          const result: unknown = await (value.apply(target, args) as Promise<unknown>);
          if (String(args[0]).trimStart().startsWith(statement)) {
            await superuser.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
          }
          return result;
        };
      },
    });
  };
  return { ...mail.links, pool: { connect, query: pool.query.bind(pool) } as unknown as pg.Pool };
}
