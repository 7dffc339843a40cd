import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  freshEmail,
  goodPassword,
  openFixture,
  refusal,
  signedIn,
  type Fixture,
} from '../../../test/fixture.ts';
import { openMail, type MailFixture } from '../../../test/mail.ts';
import { readSession } from '../readSession.ts';
import { signUp as signUpDirectly } from '../signUp.ts';
import { confirmSignUp, requestSignUp } from './signUp.ts';

const day = 24 * 3_600_000;
const device = { ip: '192.0.2.7', userAgent: 'test' };

describe('signing up by mail (AUT-12)', () => {
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

  const input = (email = freshEmail()) => ({
    email,
    password: goodPassword,
    name: 'Robin Vale',
    tenantName: 'Vale & Co',
    companyName: 'Vale Trading',
  });
  const ask = async (email: string): Promise<{ browser: string; token: string }> => {
    const { browser } = await requestSignUp(mail.links, input(email));
    await mail.answer();
    return { browser, token: await mail.tokenFor(email, 'sign_up') };
  };

  it('makes nothing before the mail’s link is followed, then account, tenant and a session', async () => {
    const email = 'Robin.Vale@Example.org';
    const { browser, token } = await ask(email);
    await assert.rejects(signedIn(fixture.identity, { email }), refusal('sign_in_refused'));
    const { accountId, tenantId, signIn } = await confirmSignUp(mail.links, { token, browser, device });
    assert.equal(signIn.kind, 'session');
    const session = await readSession(
      fixture.identity,
      signIn.kind === 'session' ? signIn.session.token : 'none',
    );
    assert.deepEqual(
      [session?.account.id, session?.account.email, session?.account.emailVerified],
      [accountId, email, true],
    );
    assert.deepEqual(
      session?.memberships.map((membership) => [membership.tenantId, membership.tenantName, membership.role]),
      [[tenantId, 'Vale & Co', 'owner']],
    );
    await signedIn(fixture.identity, { email });
  });

  it('answers alike when the address has an account, tells its owner by mail, and changes nothing', async () => {
    const person = await fixture.person();
    for (const spelling of [person.email, person.email.toUpperCase(), person.email.replace('p', 'ｐ')]) {
      // oxlint-disable-next-line no-await-in-loop
      const { browser } = await requestSignUp(mail.links, input(spelling));
      assert.match(browser, /^[\w-]{43}$/);
    }
    await mail.answer();
    const kinds = (await mail.mailTo(person.email)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['already_signed_up', 'already_signed_up', 'already_signed_up']);
    await signedIn(fixture.identity, person);
  });

  it('lets nobody have an account confirmed by an address’s owner whose password somebody else knows', async () => {
    const email = freshEmail();
    const { token } = await ask(email);
    const confirm = (password?: string) =>
      confirmSignUp(mail.links, { token, browser: undefined, password, device });
    await assert.rejects(confirm(), refusal('password_required'));
    await assert.rejects(confirm('a guess of the owner’s'), refusal('password_wrong'));
    await assert.rejects(
      confirmSignUp(mail.links, { token, browser: 'A'.repeat(43), device }),
      refusal('password_required'),
    );
    // The same person on another device knows it.
    assert.equal((await confirm(goodPassword)).signIn.kind, 'session');
  });

  it('works once, for one day and not a millisecond longer', async () => {
    const [once, late] = [freshEmail(), freshEmail()];
    const first = await ask(once);
    const second = await ask(late);
    await confirmSignUp(mail.links, { ...first, device });
    await assert.rejects(confirmSignUp(mail.links, { ...first, device }), refusal('link_invalid'));
    fixture.advance(day);
    await assert.rejects(confirmSignUp(mail.links, { ...second, device }), refusal('link_invalid'));
    await assert.rejects(signedIn(fixture.identity, { email: late }), refusal('sign_in_refused'));
  });

  it('lets exactly one of many confirmations at the same moment make the account', async () => {
    const asked = await ask(freshEmail());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => confirmSignUp(mail.links, { ...asked, device })),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.equal((outcome.reason as { code: string }).code, 'link_invalid');
    }
  });

  it('tells whoever reads the mail that the address got an account meanwhile', async () => {
    const email = freshEmail();
    const asked = await ask(email);
    await signUpDirectly(fixture.identity, input(email));
    await assert.rejects(confirmSignUp(mail.links, { ...asked, device }), refusal('email_taken'));
  });

  it('keeps nothing readable of what was typed, and forgets it once it is used', async () => {
    const email = freshEmail();
    const asked = await ask(email);
    const superuser = await fixture.connect('superuser');
    const stored = async (): Promise<string> =>
      JSON.stringify(
        (
          await superuser.query(
            `select encode(detail, 'escape') as detail from identity.link_request where detail is not null`,
          )
        ).rows,
      );
    assert.doesNotMatch(await stored(), /Vale|argon2|example/);
    await confirmSignUp(mail.links, { ...asked, device });
    const { rows } = await superuser.query(
      `select r.detail from identity.link_request r join identity.one_time_token t on t.target_id = r.id
       where t.email_normalised = $1`,
      [email],
    );
    assert.deepEqual(rows, [{ detail: null }]);
  });

  it('refuses bad input before it writes anything (EDG-4)', async () => {
    const refused: [object, string][] = [
      [{ email: 'robin' }, 'email_invalid'],
      [{ email: 'a@example.org\r\nBcc: b@example.org' }, 'email_invalid'],
      [{ email: '"a@b"@example.org' }, 'email_invalid'],
      [{ email: `${'a'.repeat(65)}@example.org` }, 'email_invalid'],
      [{ password: 'short' }, 'password_short'],
      [{ password: 'Robin Vale & Co 2030' }, 'password_common'],
      [{ name: 'Robin\r\nVale' }, 'input_invalid'],
      [{ tenantName: 'Vale\0' }, 'input_invalid'],
    ];
    for (const [change, code] of refused) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(
        requestSignUp(mail.links, { ...input(), ...change }),
        refusal(code),
        JSON.stringify(change),
      );
    }
    assert.equal(await mail.answer(), 0);
  });

  it('reaches an international domain by its one ASCII form', async () => {
    const asked = await ask('robin@xn--bcher-kva.example');
    await confirmSignUp(mail.links, { ...asked, device });
    await requestSignUp(mail.links, input('Robin@bücher.example'));
    await mail.answer();
    const kinds = (await mail.mailTo('robin@xn--bcher-kva.example')).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ['already_signed_up', 'sign_up']);
  });
});
