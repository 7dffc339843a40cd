import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freshEmail, goodPassword, openFixture, signedIn, type Fixture } from '../../../test/fixture.ts';
import { openMail, origin, type MailFixture } from '../../../test/mail.ts';
import { withMutant, type Mutation } from '../../../test/mutant.ts';
import type { Mailer } from '../../mail/index.ts';
import * as links from './index.ts';

type Links = typeof links;

const device = {};
const next = 'tidal gravel evening kite';

// Each attack fails against the sources as they stand, and succeeds when the one control is taken out.
describe('each control of links by mail is what stops its attack', () => {
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

  const proves = async (mutation: Mutation, attack: (code: Links) => Promise<unknown>): Promise<void> => {
    await assert.rejects(attack(links), 'the control holds');
    await withMutant<Links, unknown>(mutation, 'identity/links/index.ts', attack);
  };
  const magicLink = async (): Promise<{ token: string; browser: string }> => {
    const { email } = await fixture.person();
    const { browser } = await links.requestMagicLink(mail.links, { email });
    await mail.answer();
    return { browser, token: await mail.tokenFor(email, 'magic_link') };
  };

  it('the browser that a sign-in link is bound to', () =>
    proves(
      {
        file: 'identity/links/magicLink.ts',
        from: `if (!isBoundBrowser(browser, link.browser_hash)) throw new PlatformError('link_other_browser');`,
        to: '',
      },
      async (code) => {
        const { token } = await magicLink();
        await code.redeemMagicLink(mail.links, { token, browser: undefined, device });
      },
    ));

  it('the person that a sign-up is confirmed by', () =>
    proves(
      {
        file: 'identity/links/signUp.ts',
        from: 'await assertSamePerson(links, asked, { browser, password });',
        to: '',
      },
      async (code) => {
        const email = freshEmail();
        const input = { email, password: goodPassword, name: 'Robin Vale', tenantName: 'Vale & Co' };
        await links.requestSignUp(mail.links, input);
        await mail.answer();
        // The address's owner, who never signed up, opens the link that somebody else asked for.
        const token = await mail.tokenFor(email, 'sign_up');
        await code.confirmSignUp(mail.links, { token, browser: undefined, device });
      },
    ));

  it('the session that a change of address is confirmed in', () =>
    proves(
      {
        file: 'identity/links/emailChange.ts',
        from: 'if (link.account_id !== input.accountId || link.email === null)',
        to: 'if (link.email === null)',
      },
      async (code) => {
        const [person, stranger] = [await fixture.person(), await fixture.person()];
        const email = freshEmail();
        const { accountId } = person;
        const authenticatedAt = new Date(fixture.identity.clock());
        const request = { accountId, email, password: goodPassword, authenticatedAt, device };
        await links.requestEmailChange(mail.links, request);
        await mail.answer();
        const token = await mail.tokenFor(email, 'email_change');
        const { sessionId } = await signedIn(fixture.identity, stranger);
        await code.redeemEmailChange(mail.links, {
          token,
          sessionId,
          accountId: stranger.accountId,
          device,
        });
      },
    ));

  it('the password that a change of address asks for', () =>
    proves(
      {
        file: 'identity/links/emailChange.ts',
        from: `await assertPassword(links, account, { typed, device, field: 'password' });`,
        to: 'void typed; void device;',
      },
      async (code) => {
        const { accountId } = await fixture.person();
        const authenticatedAt = new Date(fixture.identity.clock());
        await code.requestEmailChange(mail.links, {
          accountId,
          email: freshEmail(),
          authenticatedAt,
          device,
        });
      },
    ));

  it('the single use of a link (T-33)', () =>
    proves(
      {
        file: 'identity/links/token.ts',
        from: `    \`update identity.one_time_token set consumed_at = $3
     where type = $1 and token_hash = $2`,
        to: `    \`update identity.one_time_token set consumed_at = case when $3::timestamptz is null then now() end
     where type = $1 and token_hash = $2`,
      },
      async (code) => {
        const asked = await magicLink();
        await code.redeemMagicLink(mail.links, { ...asked, device });
        await code.redeemMagicLink(mail.links, { ...asked, device });
      },
    ));

  it('the type of a link (T-33)', () =>
    proves(
      {
        file: 'identity/links/token.ts',
        from: `select \${columns} from identity.one_time_token
     where type = $1 and`,
        to: `select \${columns} from identity.one_time_token
     where $1::text is not null and`,
      },
      async (code) => {
        // Looked at as a reset link, a sign-in link gets as far as the judging of the password.
        const { token } = await magicLink();
        await code
          .redeemPasswordReset(mail.links, { token, password: 'short', device })
          .catch((error: unknown) => {
            if ((error as { code?: string }).code !== 'password_short') throw error;
          });
      },
    ));

  it('the end of sessions with a password', () =>
    proves(
      {
        file: 'identity/links/password.ts',
        from: 'await endSessions(links, ending, client);',
        to: 'void ending; void endSessions;',
      },
      async (code) => {
        const person = await fixture.person();
        const { sessionId } = await signedIn(fixture.identity, person);
        await links.requestPasswordReset(mail.links, person);
        await mail.answer();
        const token = await mail.tokenFor(person.email, 'password_reset');
        await code.redeemPasswordReset(mail.links, { token, password: next, device });
        const superuser = await fixture.connect('superuser');
        const { rows } = await superuser.query(
          'select 1 from identity.session where id = $1 and ended_at is null',
          [sessionId],
        );
        assert.equal(rows.length, 1, 'the thief’s session lives on');
      },
    ));
});

describe('each control of the outbox is what stops its attack', () => {
  it('the one recipient of a message', async () => {
    const fixture = await openFixture();
    const { cipher, clock, randomBytes } = fixture.identity;
    const letter = { to: 'a@example.org, b@example.org', subject: 'x', paragraphs: [] };
    const seal = ({ Mailer: Made }: { Mailer: typeof Mailer }) =>
      new Made({ cipher, clock, randomBytes, origin: () => origin }).seal({ kind: 'greeting', letter });
    try {
      const { Mailer: real } = await import('../../mail/index.ts');
      assert.throws(() => seal({ Mailer: real }), { code: 'email_invalid' });
      const mutation = { file: 'mail/mailer.ts', from: 'assertMessage(message);', to: 'void assertMessage;' };
      await withMutant<{ Mailer: typeof Mailer }, void>(mutation, 'mail/index.ts', async (mutant) => {
        assert.ok(seal(mutant).id);
      });
    } finally {
      await fixture.close();
    }
  });
});
