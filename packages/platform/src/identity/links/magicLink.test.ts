import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, refusal, signedIn, type Fixture, type Person } from '../../../test/fixture.ts';
import { openMail, type MailFixture } from '../../../test/mail.ts';
import { inviteWithoutMail } from '../../access/index.ts';
import { requestEmailVerification, verifyEmail } from '../emailVerification.ts';
import { readSession } from '../readSession.ts';
import { sendEmailVerification } from './emailVerification.ts';
import { redeemMagicLink, requestMagicLink } from './magicLink.ts';
import { redeemPasswordReset, requestPasswordReset } from './password.ts';
import { confirmSignUp } from './signUp.ts';

const device = { ip: '192.0.2.7', userAgent: 'test' };
const next = 'tidal gravel evening kite';

describe('signing in by a link (AUT-6)', () => {
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

  type Asked = { token: string; browser: string };
  const ask = async ({ email }: Pick<Person, 'email'>): Promise<Asked> => {
    const { browser } = await requestMagicLink(mail.links, { email });
    await mail.answer();
    return { browser, token: await mail.tokenFor(email, 'magic_link') };
  };
  const redeem = ({ token, browser }: { token: string; browser: string | undefined }) =>
    redeemMagicLink(mail.links, { token, browser, device });

  it('starts a session that says how', async () => {
    const person = await fixture.person({ verified: false });
    const outcome = await redeem(await ask(person));
    const session = await readSession(
      fixture.identity,
      outcome.kind === 'session' ? outcome.session.token : 'none',
    );
    assert.equal(session?.account.id, person.accountId);
    assert.deepEqual(session?.methods, ['email']);
    assert.equal(session?.account.emailVerified, true, 'whoever followed the link reads the mail');
  });

  it('works in the browser that asked alone, and looking at it elsewhere spends nothing', async () => {
    const person = await fixture.person();
    const asked = await ask(person);
    for (const browser of [undefined, '', 'x', 'A'.repeat(43), (await ask(await fixture.person())).browser]) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(redeem({ ...asked, browser }), refusal('link_other_browser'));
    }
    assert.equal((await redeem(asked)).kind, 'session');
  });

  it('works once, for ten minutes and not a millisecond longer', async () => {
    const person = await fixture.person();
    const asked = await ask(person);
    fixture.advance(600_000 - 1);
    await redeem(asked);
    await assert.rejects(redeem(asked), refusal('link_invalid'));
    const late = await ask(person);
    fixture.advance(600_000);
    await assert.rejects(redeem(late), refusal('link_invalid'));
  });

  it('is honoured for exactly one of many redemptions at the same moment', async () => {
    const asked = await ask(await fixture.person());
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => redeem(asked)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('is refused while the account is locked, also when it was asked for before, and stays good (T-34)', async () => {
    const person = await fixture.person();
    const asked = await ask(person);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(signedIn(fixture.identity, { ...person, password: 'wrong wrong wrong' }));
    }
    await assert.rejects(redeem(asked), refusal('sign_in_refused'));
    const { rows } = await superuser.query(
      `select consumed_at from identity.one_time_token where account_id = $1 and type = 'magic_link'`,
      [person.accountId],
    );
    assert.deepEqual(rows, [{ consumed_at: null }]);
  });

  it('is refused to an account that was disabled meanwhile', async () => {
    const person = await fixture.person();
    const asked = await ask(person);
    await superuser.query(
      `update identity.account set disabled_at = now(), disabled_reason = 'test' where id = $1`,
      [person.accountId],
    );
    await assert.rejects(redeem(asked), refusal('account_disabled'));
  });

  it('asks for the second factor where one is due, and is spent then', async () => {
    const person = await fixture.person();
    const links = {
      ...mail.links,
      signInRules: [
        () => Promise.resolve({ kind: 'factor_required', challenge: 'c', factors: ['totp'] } as const),
      ],
    };
    const asked = await ask(person);
    const outcome = await redeemMagicLink(links, { ...asked, device });
    assert.equal(outcome.kind, 'factor_required');
    await assert.rejects(redeem(asked), refusal('link_invalid'));
  });

  it('T-33: no link is ever another’s, whatever it is presented as', async () => {
    const person = await fixture.person();
    const magic = await ask(person);
    await requestPasswordReset(mail.links, person);
    await mail.answer();
    const reset = await mail.tokenFor(person.email, 'password_reset');
    const { token: verification } = await requestEmailVerification(fixture.identity, person.accountId);
    const host = await fixture.person();
    const { token: invite } = await inviteWithoutMail(
      { ...fixture.identity, session: host.session },
      { email: person.email, role: 'member', moduleRoles: [], companyIds: null },
    );
    const { browser } = magic;
    const doors: Record<string, (token: string) => Promise<unknown>> = {
      magic: (token) => redeem({ token, browser }),
      reset: (token) => redeemPasswordReset(mail.links, { token, password: next, device }),
      verification: (token) => verifyEmail(fixture.identity, token),
      signUp: (token) => confirmSignUp(mail.links, { token, browser, password: next, device }),
    };
    const tokens = { magic: magic.token, reset, verification, invite };
    for (const [kind, token] of Object.entries(tokens)) {
      for (const [door, open] of Object.entries(doors)) {
        // oxlint-disable-next-line no-await-in-loop
        if (door !== kind) await assert.rejects(open(token), refusal('link_invalid'), `${kind} as ${door}`);
      }
    }
    await verifyEmail(fixture.identity, verification);
    await redeem(magic);
    await redeemPasswordReset(mail.links, { token: reset, password: next, device });
  });

  it('sends a link that proves the address on record, without the account’s own words in it', async () => {
    const person = await fixture.person({ verified: false });
    await sendEmailVerification(mail.links, person);
    const [message] = await mail.mailTo(person.email);
    assert.doesNotMatch(message?.text ?? 'Robin', /Robin/);
    await verifyEmail(fixture.identity, await mail.tokenFor(person.email, 'email_verification'));
  });
});
