import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { refusal } from '../../test/fixture.ts';
import { parseEmail } from './email.ts';

describe('parseEmail', () => {
  const accepted: [string, string][] = [
    ['robin@example.org', 'robin@example.org'],
    ['Robin.Vale@Example.ORG', 'robin.vale@example.org'],
    ['  robin@example.org ', 'robin@example.org'],
    ['robin+books@mail.example.org', 'robin+books@mail.example.org'],
    ['ｒｏｂｉｎ@example.org', 'robin@example.org'],
    ['robin@Bücher.example', 'robin@xn--bcher-kva.example'],
    [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
  ];
  for (const [typed, normalised] of accepted) {
    it(`reads ${typed}`, () => assert.equal(parseEmail(typed).normalised, normalised));
  }

  const refused = [
    '',
    '@',
    'robin',
    'robin@',
    '@example.org',
    'robin@localhost',
    'a@b@example.org',
    'robin@example.org,eve@evil.example',
    'Robin <robin@example.org>',
    '"robin"@example.org',
    '"robin@example.org>"@evil.example',
    'robin@[127.0.0.1]',
    'robin @example.org',
    'robin@exam ple.org',
    'robin@example.org\r\nBcc: eve@evil.example',
    'robin@-example.org',
    'robin@example-.org',
    'robin@example..org',
    '.robin@example.org',
    'robin.@example.org',
    'ro..bin@example.org',
    'robin@exa\tmple.org',
    'robin@%65xample.org',
    'robin@example.org%00',
    'robin\0@example.org',
    'rob\ud800in@example.org',
    `${'a'.repeat(65)}@example.org`,
    `robin@${'a.'.repeat(130)}org`,
    'röbin@example.org',
    'm\u0131ke@example.org',
    'robin@example.org (comment)',
    'robin@example.org.',
  ];
  for (const typed of refused) {
    it(`refuses ${JSON.stringify(typed)}`, () =>
      assert.throws(() => parseEmail(typed), refusal('email_invalid')));
  }

  const character = fc.constantFrom(...'abcXYZ019!#$%&*+/=?^_`{|}~-'.split(''));
  const atom = fc.array(character, { minLength: 1, maxLength: 8 }).map((characters) => characters.join(''));
  const local = fc.array(atom, { minLength: 1, maxLength: 4 }).map((atoms) => atoms.join('.'));
  const label = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,6}[a-zA-Z0-9])?$/);
  const domain = fc
    .array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => `${labels.join('.')}.example`);

  it('normalises idempotently, and to one form whatever the case or width', () => {
    fc.assert(
      fc.property(local, domain, (mailbox, host) => {
        const { normalised } = parseEmail(`${mailbox}@${host}`);
        assert.equal(parseEmail(normalised).normalised, normalised);
        assert.equal(parseEmail(`${mailbox}@${host}`.toUpperCase()).normalised, normalised);
        const wide = mailbox.replaceAll(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
        assert.equal(parseEmail(`${wide}@${host}`).normalised, normalised);
      }),
    );
  });

  it('never lets through more than one address in plain ASCII, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress()), (typed) => {
        try {
          assert.match(parseEmail(typed).normalised, /^[!-?A-~]+@[a-z0-9.-]+$/);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'email_invalid');
        }
      }),
    );
  });
});
