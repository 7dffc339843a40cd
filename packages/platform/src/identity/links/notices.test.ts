import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFixture, signedIn, type Fixture } from '../../../test/fixture.ts';
import { openMail, origin, type MailFixture } from '../../../test/mail.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { mailNotices } from './notices.ts';

describe('what an account is told by mail (AUT-11)', () => {
  let fixture: Fixture;
  let mail: MailFixture;
  let identity: IdentityDependencies;
  before(async () => {
    fixture = await openFixture();
    mail = openMail(fixture);
    identity = { ...fixture.identity, notices: mailNotices(mail.links.mailer) };
  });
  after(async () => {
    await mail.close();
    await fixture.close();
  });

  it('a sign-in from a new device, with what the browser called itself on one line', async () => {
    const person = await fixture.person();
    const userAgent = `Evil\r\nBcc: x@example.org <a href="https://evil.example">${'x'.repeat(600)}`;
    // The first is the sign-up's own.
    await signedIn(identity, person);
    await signedIn(identity, {
      ...person,
      device: { ip: '192.0.2.7', userAgent, browser: { token: undefined } },
    });
    const [message] = await mail.mailTo(person.email);
    assert.equal(message?.kind, 'new_device');
    assert.match(message.text, /Address: 192\.0\.2\.7\. Browser: Evil {2}Bcc: /);
    assert.doesNotMatch(message.html, /<a href="https:\/\/evil/);
    assert.ok(message.text.includes(`${origin}/forgot-password`));
  });

  it('a pause after five wrong passwords, and nobody else is told', async () => {
    const person = await fixture.person();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(signedIn(identity, { ...person, password: 'wrong wrong wrong' }));
    }
    await identity.background.settled();
    const kinds = (await mail.mailTo(person.email)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['sign_in_locked']);
  });

  it('a factor that was added, removed, replaced or spent', async () => {
    const person = await fixture.person();
    const notice = {
      accountId: person.accountId,
      email: person.email,
      name: 'Robin',
      at: new Date(identity.clock()),
      ip: '192.0.2.7',
      userAgent: 'test',
    };
    const client = await identity.pool.connect();
    try {
      for (const change of ['add', 'remove', 'replace', 'spend'] as const) {
        // oxlint-disable-next-line no-await-in-loop
        await identity.notices.factorChanged(client, {
          ...notice,
          change,
          kind: 'recovery_code',
          label: undefined,
        });
      }
    } finally {
      client.release();
    }
    const texts = (await mail.mailTo(person.email)).map(({ text }) => text).join('\n');
    for (const said of ['from now on', 'switched off', 'took the place', 'works no more']) {
      assert.ok(texts.includes(said), said);
    }
  });
});
