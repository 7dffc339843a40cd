import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { testCipher } from '../../../../test/harness/cipher.ts';
import { Mailer, quotedName, setLetter } from './index.ts';

const letter = {
  to: 'robin@example.org',
  subject: 'Greetings',
  name: 'Robin',
  paragraphs: ['One.', 'Two.'],
  link: { label: 'Go', url: 'https://app.example.com/reset-password#abc' },
  closing: ['Bye.'],
};

describe('a letter', () => {
  test('says the same as text and as HTML, with the link’s address to be read in both', () => {
    const { text, html } = setLetter(letter, 'Bulkhead');
    for (const part of ['Robin', 'One.', 'Two.', 'Go', letter.link.url, 'Bye.', 'Bulkhead']) {
      assert.ok(text.includes(part), part);
      assert.ok(html.includes(part), part);
    }
    assert.equal(html.split(letter.link.url).length, 3, 'as target and as text');
  });

  test('fetches nothing, and leaves colours to the reader', () => {
    const { html } = setLetter(letter, 'Bulkhead');
    assert.doesNotMatch(html, /<(img|link|script|iframe|style|object)|src=|background|url\(|[^-]color:/i);
    assert.match(html, /<meta name="color-scheme" content="light dark">/);
  });

  test('is never more HTML than it was written as, whatever the words', () => {
    const tags = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];
    const plain = tags(setLetter(letter, 'Bulkhead').html).length;
    fc.assert(
      fc.property(fc.string(), fc.string(), (word, other) => {
        const { html } = setLetter({ ...letter, name: word, paragraphs: [other, '<i>'] }, '"><b>');
        assert.equal(tags(html).length, plain);
      }),
    );
  });
});

test('a name that a stranger chose makes no link in a letter', () => {
  assert.equal(quotedName('Vale & Co. Ltd.'), '“Vale & Co. Ltd.”');
  for (const name of [
    'pay at https://evil.example/now',
    'evil.example',
    'mail x@evil.example',
    'a\u202eb\nc',
  ]) {
    assert.doesNotMatch(quotedName(name), /:\/\/|\w\.\w|@|[\p{Cc}\p{Cf}]/u, name);
  }
  assert.equal(Array.from(quotedName('x'.repeat(500))).length, 82);
});

test('T-37 a link is built from the configured origin, its token in the fragment', () => {
  const mailer = new Mailer({
    cipher: testCipher(),
    clock: () => 0,
    randomBytes: (size) => new Uint8Array(size),
    origin: () => 'https://app.example.com',
  });
  assert.equal(mailer.link('/reset-password', 'abc'), 'https://app.example.com/reset-password#abc');
  assert.equal(mailer.link('/sign-in'), 'https://app.example.com/sign-in');
});
