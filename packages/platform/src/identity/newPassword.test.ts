import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  freshEmail,
  goodPassword,
  openFixture,
  refusal,
  signedIn,
  type Fixture,
  type Person,
} from '../../test/fixture.ts';
import { factorsOf, withTotp } from '../../test/factors.ts';
import { openMail, type MailFixture } from '../../test/mail.ts';
import { withMutant } from '../../test/mutant.ts';
import { removeFactor } from './factor/index.ts';
import { changePassword, redeemPasswordReset, requestPasswordReset } from './links/password.ts';
import { requestSignUp } from './links/signUp.ts';
import { signUp } from './signUp.ts';

const device = { ip: '192.0.2.7', userAgent: 'test' };
const leaked = 'tidal gravel evening kite';
const short = 'drgftlxw';
const long = 'seventeen quiet harbours';

describe('a new password (AUT-5)', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  before(async () => {
    fixture = await openFixture();
    fixture.identity.breachedPasswords = { isBreached: (password) => Promise.resolve(password === leaked) };
    mail = openMail(fixture);
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
  const change = async (person: Person, password: string, current = goodPassword): Promise<void> => {
    const { accountId } = person;
    const { rows } = await fixture.identity.pool.query<{ id: string }>(
      'select id from identity.session where account_id = $1 and ended_at is null',
      [accountId],
    );
    const sessionId = rows[0]?.id ?? accountId;
    await changePassword(mail.links, { accountId, sessionId, current, password, device });
  };
  const newcomer = (email: string) => ({ email, name: 'Robin Vale', tenantName: 'Vale & Co' });

  it('is refused everywhere when it was found in a breach, by one sentence, and the link stays good', async () => {
    const person = await fixture.person();
    const token = await ask(person);
    const breached = refusal('password_breached');
    await assert.rejects(redeemPasswordReset(mail.links, { token, password: leaked, device }), breached);
    await assert.rejects(change(person, leaked), breached);
    // Whoever has the address: it is judged before the address is looked at.
    for (const email of [person.email, freshEmail()]) {
      const asked = { ...newcomer(email), password: leaked };
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(requestSignUp(mail.links, asked), breached);
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(signUp(fixture.identity, asked), breached);
    }
    await redeemPasswordReset(mail.links, { token, password: long, device });
    await signedIn(fixture.identity, { ...person, password: long });
  });

  it('the mutation: without the question, it is taken', async () => {
    const person = await fixture.person();
    const token = await ask(person);
    await withMutant<{ redeemPasswordReset: typeof redeemPasswordReset }, void>(
      { file: 'identity/newPassword.ts', from: 'await breachedPasswords.isBreached(accepted)', to: 'false' },
      'identity/links/password.ts',
      async (mutant) => {
        await mutant.redeemPasswordReset(mail.links, { token, password: leaked, device });
      },
    );
    await signedIn(fixture.identity, { ...person, password: leaked });
  });

  it('may have 8 characters beside a second factor, by change and by mail, and not without', async () => {
    const person = await fixture.person();
    const factors = factorsOf(fixture);
    await assert.rejects(change(person, short), refusal('password_short'));
    await withTotp(factors, person);
    await assert.rejects(change(person, short.slice(1)), { message: /8/ });
    await change(person, short);
    const token = await ask(person);
    await redeemPasswordReset(mail.links, { token, password: `${short}k`, device });
    await signedIn(fixture.identity, { ...person, password: `${short}k` });
  });

  it('keeps the last factor while it is too short to stand alone', async () => {
    const person = await fixture.person();
    const factors = factorsOf(fixture);
    const [first, second] = [await withTotp(factors, person), await withTotp(factors, person)];
    const actor = { accountId: person.accountId, device };
    await change(person, short);
    await removeFactor(factors, { actor, factorId: first.factorId });
    const last = { actor, factorId: second.factorId };
    await assert.rejects(removeFactor(factors, last), refusal('password_needs_factor'));
    await change(person, long, short);
    await removeFactor(factors, last);
    await assert.rejects(change(person, short, long), refusal('password_short'));
  });

  it('that was judged while the last factor was going is not stored', async () => {
    const person = await fixture.person();
    const factors = factorsOf(fixture);
    const { factorId } = await withTotp(factors, person);
    const actor = { accountId: person.accountId, device };
    const token = await ask(person);
    const { passwords } = mail.links;
    const between = Object.create(passwords, {
      hash: {
        value: async (password: string) => {
          await removeFactor(factors, { actor, factorId });
          return passwords.hash(password);
        },
      },
    }) as typeof passwords;
    const links = { ...mail.links, passwords: between };
    await assert.rejects(
      redeemPasswordReset(links, { token, password: short, device }),
      refusal('password_short'),
    );
    await signedIn(fixture.identity, person);
  });

  it('that is short goes with the factors an operator resets, and another is chosen by mail', async () => {
    const person = await fixture.person();
    await withTotp(factorsOf(fixture), person);
    await change(person, short);
    const owner = await fixture.connect('owner');
    await owner.query(`select identity.reset_factors($1, 'Lost phone and codes', $2)`, [
      person.email,
      new Date(fixture.identity.clock()),
    ]);
    await assert.rejects(
      signedIn(fixture.identity, { ...person, password: short }),
      refusal('sign_in_refused'),
    );
    await redeemPasswordReset(mail.links, { token: await ask(person), password: long, device });
    await signedIn(fixture.identity, { ...person, password: long });
  });
});
