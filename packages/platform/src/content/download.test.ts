import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { attachment, downloadHeaders, savedHeaders } from './download.ts';

describe('EDG-8 an answer that is a file', () => {
  for (const [name, header] of [
    ['audit.csv', 'attachment; filename="audit.csv"'],
    ['a b.csv', 'attachment; filename="a b.csv"'],
    ['100%41.csv', `attachment; filename="100_41.csv"; filename*=UTF-8''100%2541.csv`],
    ['€ rates.csv', `attachment; filename="_ rates.csv"; filename*=UTF-8''%E2%82%AC%20rates.csv`],
    ["it's (1).csv", 'attachment; filename="it\'s (1).csv"'],
    ["é'(*).csv", `attachment; filename="_'(_).csv"; filename*=UTF-8''%C3%A9%27%28_%29.csv`],
    [
      'a"; filename=evil.html',
      `attachment; filename="a__ filename=evil.html"; filename*=UTF-8''a_%3B%20filename%3Devil.html`,
    ],
    ['../\r\nSet-Cookie: a=b', 'attachment; filename="Set-Cookie_ a=b"'],
  ] as const) {
    test(`${JSON.stringify(name)} is named by RFC 6266 and RFC 8187`, () =>
      assert.equal(attachment(name), header));
  }

  test('property: no name leaves its quotes, its line or its parameter', () => {
    const value =
      /^attachment; filename="[^"\\\x00-\x1f\x7f-\uffff]*"(?:; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)?$/;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => assert.match(attachment(name), value)),
      { numRuns: 1000 },
    );
  });

  test('is saved, never sniffed, sandboxed if shown, and in no cache', () =>
    assert.deepEqual(downloadHeaders({ name: 'a.csv', type: 'text/csv; charset=utf-8' }), {
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="a.csv"',
      'cache-control': 'no-store',
    }));

  for (const [given, header] of [
    ['inline; filename="a.svg"', 'attachment'],
    ['inline', 'attachment'],
    ['attachment', 'attachment'],
    ['Attachment; filename="a.csv"', 'attachment; filename="a.csv"'],
    ['attachments; filename="a.csv"', 'attachment'],
    ['', 'attachment'],
  ] as const) {
    test(`one that asks for ${JSON.stringify(given)} is saved all the same`, () =>
      assert.equal(savedHeaders(given)['content-disposition'], header));
  }
});
