import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import {
  freshEmail,
  goodPassword,
  openFixture,
  refusal,
  signedIn,
  type Fixture,
  type Person,
} from '../../../test/fixture.ts';
import { factorsOf, withPasskey, withTotp } from '../../../test/factors.ts';
import { openMail, type MailFixture } from '../../../test/mail.ts';
import { listFactors, passkeySignInOptions, signInWithPasskey } from '../factor/index.ts';
import { readSession } from '../readSession.ts';
import type { StartedSession } from '../session.ts';
import { redeemEmailChange, requestEmailChange, undoEmailChange } from './emailChange.ts';

const device = { ip: '192.0.2.7', userAgent: 'test' };
const next = 'tidal gravel evening kite';
const week = 7 * 24 * 3_600_000;

describe('changing the address of an account', () => {
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

  const request = (person: Person, email: string, password: string | undefined = goodPassword) =>
    requestEmailChange(mail.links, {
      accountId: person.accountId,
      email,
      password,
      authenticatedAt: new Date(fixture.identity.clock()),
      device,
    });
  const change = async (person: Person, email: string, password = goodPassword): Promise<StartedSession> => {
    const current = await superuser.query<{ email: string }>(
      'select email from identity.account where id = $1',
      [person.accountId],
    );
    const session = await signedIn(fixture.identity, { email: current.rows[0]?.email ?? '', password });
    await request(person, email, password);
    await mail.answer();
    const token = await mail.tokenFor(email, 'email_change');
    const { accountId } = person;
    const { sessionId } = session;
    assert.deepEqual(await redeemEmailChange(mail.links, { token, accountId, sessionId, device }), { email });
    return session;
  };

  it('takes effect when the new address is proved; the old one is told, other sessions end', async () => {
    const person = await fixture.person();
    const elsewhere = await signedIn(fixture.identity, person);
    const email = `New.${freshEmail()}`;
    const here = await change(person, email);
    assert.equal((await readSession(fixture.identity, here.token))?.account.email, email);
    assert.equal(await readSession(fixture.identity, elsewhere.token), null);
    await assert.rejects(signedIn(fixture.identity, person), refusal('sign_in_refused'));
    await signedIn(fixture.identity, { email });
    const [told] = await mail.mailTo(person.email);
    assert.equal(told?.kind, 'email_changed');
    assert.ok(told.text.includes(email));
  });

  it('needs the password, and of an account that has none a sign-in of the last ten minutes', async () => {
    const person = await fixture.person();
    await assert.rejects(request(person, freshEmail(), 'not the password'), refusal('password_wrong'));
    await assert.rejects(
      requestEmailChange(mail.links, {
        accountId: person.accountId,
        email: freshEmail(),
        authenticatedAt: new Date(fixture.identity.clock()),
        device,
      }),
      refusal('password_wrong'),
    );
    await superuser.query('delete from identity.password where account_id = $1', [person.accountId]);
    const stale = (age: number) =>
      requestEmailChange(mail.links, {
        accountId: person.accountId,
        email: freshEmail(),
        authenticatedAt: new Date(fixture.identity.clock() - age),
        device,
      });
    await stale(600_000);
    await assert.rejects(stale(600_001), refusal('step_up_required'));
    await mail.answer();
  });

  it('is for the account’s own session: whoever reads a mistyped address’s mail gets nothing', async () => {
    const [person, stranger] = [await fixture.person(), await fixture.person()];
    const email = freshEmail();
    await request(person, email);
    await mail.answer();
    const token = await mail.tokenFor(email, 'email_change');
    const { sessionId } = await signedIn(fixture.identity, stranger);
    await assert.rejects(
      redeemEmailChange(mail.links, { token, accountId: stranger.accountId, sessionId, device }),
      refusal('link_invalid'),
    );
    const [message] = await mail.mailTo(email);
    assert.doesNotMatch(message?.text ?? 'Robin', /Robin/);
  });

  it('answers alike for an address that has an account, whose owner is told (AUT-12)', async () => {
    const [person, other] = [await fixture.person(), await fixture.person()];
    await request(person, other.email.toUpperCase());
    await mail.answer();
    assert.deepEqual(
      (await mail.mailTo(other.email)).map(({ kind }) => kind),
      ['address_in_use'],
    );
  });

  it('can be undone from the old address for a week: address back, new password, everybody out', async () => {
    const person = await fixture.person();
    // Somebody who knows the password takes the account over.
    const thief = await change(person, freshEmail());
    const token = await mail.tokenFor(person.email, 'email_changed');
    fixture.advance(week - 1);
    await assert.rejects(
      undoEmailChange(mail.links, { token, password: 'short', device }),
      refusal('password_short'),
    );
    await undoEmailChange(mail.links, { token, password: next, device });
    assert.equal(await readSession(fixture.identity, thief.token), null);
    await signedIn(fixture.identity, { email: person.email, password: next });
    await assert.rejects(
      undoEmailChange(mail.links, { token, password: next, device }),
      refusal('link_invalid'),
    );
  });

  it('takes back what the intruder left behind as a way in, and nothing older, when it is undone (AUT-4, AUT-10)', async () => {
    const person = await fixture.person();
    const factors = factorsOf(fixture);
    const { accountId } = person;
    const { factorId: owners } = await withTotp(factors, person);
    fixture.advance(2 * 24 * 3_600_000);
    const intruders = await withPasskey(factors, person);
    await change(person, freshEmail());
    await withTotp(factors, person);
    await superuser.query(
      `insert into identity.provider_link (id, account_id, issuer, subject, email_normalised, created_at, last_used_at)
       values (gen_random_uuid(), $1::uuid, 'https://accounts.example.net', $1::text, 'thief@example.net', $2, $2)`,
      [accountId, new Date(fixture.identity.clock())],
    );
    const token = await mail.tokenFor(person.email, 'email_changed');
    await undoEmailChange(mail.links, { token, password: next, device });
    const left = await listFactors(factors, accountId);
    assert.deepEqual(
      left.factors.map(({ id }) => id),
      [owners],
    );
    const response = intruders.authenticator.answer(await passkeySignInOptions(factors));
    await assert.rejects(signInWithPasskey(factors, { response, device }), refusal('passkey_refused'));
    const { rows } = await superuser.query<{ action: string; count: number }>(
      `select action, count(*)::int as count from bulkhead.audit_entry
       where actor_id = $1 and tenant_id is null and action in ('factor.remove', 'provider.unlink')
       group by action order by action`,
      [accountId],
    );
    assert.deepEqual(rows, [
      { action: 'factor.remove', count: 2 },
      { action: 'provider.unlink', count: 1 },
    ]);
  });

  it('can be undone by the owner after two changes, and the intruder’s own undoing is void then', async () => {
    const person = await fixture.person();
    const [first, second] = [freshEmail(), freshEmail()];
    await change(person, first);
    fixture.advance(1000);
    const owners = await mail.tokenFor(person.email, 'email_changed');
    await change(person, second);
    const intruders = await mail.tokenFor(first, 'email_changed');
    await undoEmailChange(mail.links, { token: owners, password: next, device });
    await assert.rejects(
      undoEmailChange(mail.links, { token: intruders, password: 'another gravel evening kite', device }),
      refusal('link_invalid'),
    );
    await signedIn(fixture.identity, { email: person.email, password: next });
  });

  it('leaves the owner’s undoing good when the intruder uses theirs first', async () => {
    const person = await fixture.person();
    const [first, second] = [freshEmail(), freshEmail()];
    await change(person, first);
    fixture.advance(1000);
    const owners = await mail.tokenFor(person.email, 'email_changed');
    await change(person, second);
    const intruders = await mail.tokenFor(first, 'email_changed');
    await undoEmailChange(mail.links, { token: intruders, password: 'another gravel evening kite', device });
    await undoEmailChange(mail.links, { token: owners, password: next, device });
    await signedIn(fixture.identity, { email: person.email, password: next });
  });

  it('cannot be undone after a week', async () => {
    const person = await fixture.person();
    await change(person, freshEmail());
    const token = await mail.tokenFor(person.email, 'email_changed');
    fixture.advance(week);
    await assert.rejects(
      undoEmailChange(mail.links, { token, password: next, device }),
      refusal('link_invalid'),
    );
  });
});
