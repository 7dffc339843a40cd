import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isOrigin, parseOrigin } from './origin.ts';

describe('what an allowed origin is (EDG-1)', () => {
  const fine = [
    'https://shop.example.com',
    'https://shop.example.com:8443',
    'https://xn--bcher-kva.example',
    'https://192.0.2.7',
    'http://localhost:5173',
    'http://127.0.0.1',
  ];
  for (const origin of fine) it(`${origin} is one`, () => assert.equal(parseOrigin(origin), origin));

  const refused = [
    '',
    'null',
    '*',
    'https://*',
    'https://*.example.com',
    'https://shop.example.com:443',
    'http://localhost:80',
    'http://shop.example.com',
    'http://localhost.evil.example',
    'https://shop.example.com/path',
    'https://shop.example.com?x',
    'https://shop.example.com#x',
    'https://user@shop.example.com',
    'https://shop.example.com:0',
    'https://shop.example.com:65536',
    'https://shop.example.com:08443',
    'https://Shop.example.com',
    'HTTPS://shop.example.com',
    'https://bücher.example',
    'https://shop..example.com',
    'https://[2001:db8::1]',
    'https://0x7f.1',
    'https://shop.example.com,https://evil.example',
    'https://shop.example.com https://evil.example',
    'https://shop.example.com\nhttps://evil.example',
    'javascript:alert(1)',
    'file://',
    'chrome-extension://abcdefgh',
    'https://',
  ];
  for (const origin of refused) {
    it(`${JSON.stringify(origin)} is none`, () =>
      assert.throws(() => parseOrigin(origin), { code: 'input_invalid', field: 'origin' }));
  }

  it('says what was probably meant', () => {
    assert.equal(parseOrigin(' https://shop.example.com/ '), 'https://shop.example.com');
    assert.throws(() => parseOrigin('https://Shop.example.com:443/cart'), /: https:\/\/shop\.example\.com$/);
  });

  it('accepts nothing that a browser would write in another way', () => {
    const piece = fc.constantFrom(
      'https://',
      'http://',
      'a',
      'B',
      '.',
      '-',
      ':',
      '443',
      '8443',
      '0',
      '/',
      '@',
      '[',
      ']',
      '%2e',
      '*',
      'ü',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = pieces.join('');
        if (isOrigin(text)) assert.equal(new URL(`${text}/path`).origin, text);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        const { origin, protocol } = new URL(url);
        assert.ok(protocol !== 'https:' || isOrigin(origin), origin);
      }),
    );
  });
});
