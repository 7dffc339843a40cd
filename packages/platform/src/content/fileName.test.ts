import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normaliseFileName } from './fileName.ts';

describe('EDG-8 names of files', () => {
  for (const [given, name] of [
    ['report.csv', 'report.csv'],
    ['Übersicht März.csv', 'Übersicht März.csv'],
    ['U\u0308ber.csv', 'Über.csv'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\win.ini', 'win.ini'],
    ['C:\\fakepath\\photo.png', 'photo.png'],
    ['a/b/', 'file'],
    ['..', 'file'],
    ['', 'file'],
    [' . ', 'file'],
    ['.htaccess', 'htaccess'],
    ['report.csv. .', 'report.csv'],
    ['invoice\u202egnp.exe', 'invoicegnp.exe'],
    ['\u2066a\u2069\u200b\ufeff.txt', 'a.txt'],
    ['a\r\nSet-Cookie: x=1.txt', 'aSet-Cookie_ x=1.txt'],
    ['a\0.php\0.png', 'a.php.png'],
    ['a\u00a0\u3000b.txt', 'a b.txt'],
    ['a"b<c>d|e?f*g:h.txt', 'a_b_c_d_e_f_g_h.txt'],
    ['-rf', '_-rf'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Lpt1 .csv', '_Lpt1 .csv'],
    ['COM\u00b9', '_COM\u00b9'],
    ['console.txt', 'console.txt'],
    ['com10', 'com10'],
    ['half \ud83d pair.txt', 'half _ pair.txt'],
    ['e\u200d\u0301.txt', 'é.txt'],
  ] as const) {
    test(`${JSON.stringify(given)} becomes ${JSON.stringify(name)}`, () =>
      assert.equal(normaliseFileName(given), name));
  }

  test('a name that is left empty is the fallback', () =>
    assert.equal(normaliseFileName('\u202e', { fallback: 'attachment' }), 'attachment'));

  test('a long one is cut between characters and keeps its extension', () => {
    const name = normaliseFileName(`${'😀'.repeat(100)}.csv`);
    assert.equal(name, `${'😀'.repeat(49)}.csv`);
    assert.equal(Buffer.byteLength(normaliseFileName(`a.${'b'.repeat(300)}`)), 200);
  });

  test('property: whatever it was, it is one plain name, and stays what it is', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        '/',
        '\\',
        '.',
        ' ',
        ':',
        '\0',
        '\u202e',
        '\u200d',
        '\u0301',
        '\u0338',
        'con',
        'é',
        '-',
        '<',
        '\ud800',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 120 }), (given) => {
        const name = normaliseFileName(given);
        assert.doesNotMatch(name, /[/\\<>:"|?*\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.doesNotMatch(name, /^[. -]|[. ]$/);
        assert.ok(name.length > 0 && Buffer.byteLength(name) <= 200);
        assert.equal(name, name.normalize('NFC'));
        assert.equal(normaliseFileName(name), name);
      }),
      { numRuns: 2000 },
    );
  });
});
