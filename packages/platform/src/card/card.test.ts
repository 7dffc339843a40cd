import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findCardNumber, holdsCardNumber, isCardNumber } from './index.ts';

/** Published test numbers of the issuers. */
const cards = [
  '4242424242424242', // Visa
  '5555555555554444', // Mastercard
  '2223003122003222', // Mastercard, 2-series
  '378282246310005', // American Express
  '6011111111111117', // Discover
  '30569309025904', // Diners Club
  '36227206271667', // Diners Club
  '3566002020360505', // JCB
  '6200000000000005', // UnionPay
  '6205500000000000004', // UnionPay, 19 digits
];

const pick = (from: string): string => from.charAt(Math.floor(Math.random() * from.length));
const digitsOf = (count: number): string => Array.from({ length: count }, () => pick('0123456789')).join('');

const found = (value: unknown): boolean => {
  const text = JSON.stringify(value);
  return findCardNumber(JSON.parse(text), text) !== undefined;
};

/** The digit that makes a number valid, found by trying: as the definition says, and not as the code does. */
const luhnDigit = (digits: string): string => {
  const valid = (number: string): boolean => {
    const values = Array.from(number, Number).toReversed();
    const sum = values.reduce((total, digit, index) => {
      const doubled = index % 2 === 1 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    return sum % 10 === 0;
  };
  return Array.from('0123456789').find((last) => valid(digits + last)) ?? '';
};

describe('card numbers (EDG-9)', () => {
  it('are found in one piece, in groups, with spaces and with dashes, as text and as a number', () => {
    for (const card of cards) {
      const groups = card.length === 15 ? [4, 6, 5] : card.length === 14 ? [4, 6, 4] : [4, 4, 4, 4, 4];
      let rest = card;
      const parts = groups.map((size) => {
        const part = rest.slice(0, size);
        rest = rest.slice(size);
        return part;
      });
      const written = [
        // Fourteen digits in one piece are as well a French company's number.
        ...(card.length === 14
          ? []
          : [card, `1 ${card}`, `${card} 1228 123`, `VISA${card}`, `%B${card}^DOE`]),
        parts.join('.').replace(/\.$/, ''),
        parts.join('\u2009\u200b').replace(/\u2009\u200b$/, ''),
        ...(card.length === 16 ? [`${parts.join(' ').trim()} 1228`] : []),
        parts.join(' ').trim(),
        parts.join('-').replace(/-$/, ''),
        parts.join('\u00a0').trim(),
      ];
      for (const text of written) {
        assert.ok(found(text), text);
        assert.ok(found({ order: { lines: [{ note: `my card is ${text}, until 12/28` }] } }), text);
        assert.ok(found({ [text]: 1 }), text);
      }
      if (card.length === 14) continue;
      assert.ok(findCardNumber(JSON.parse(`{"pan": ${card}}`), `{"pan": ${card}}`) !== undefined, card);
    }
  });

  it('are found however JSON spells them', () => {
    for (const text of [
      `{"pan": "${Array.from('4242424242424242', (digit) => `\\u003${digit}`).join('')}"}`,
      '{"pan": "４２４２４２４２４２４２４２４２"}',
      '{"pan": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}',
      '{"pan": 4242424242424242.0}',
      '{"pan": 4.242424242424242e15}',
      '{"pan":[1,6205500000000000004]}',
      '{"pan": -4242424242424242}',
      '{"pan": 6205500000000000004.0}',
      '{"pan": 6.205500000000000004e18}',
    ]) {
      assert.ok(findCardNumber(JSON.parse(text), text) !== undefined, text);
    }
  });

  it('are told by their place, never by themselves', () => {
    const text = '{"lines":[{},{"note":"4242424242424242"}]}';
    assert.equal(findCardNumber(JSON.parse(text), text), 'lines.1.note');
  });

  it('of every issuer and length are found, whatever their other digits', () => {
    const start = fc.constantFrom('4', '51', '55', '2221', '2720', '6011', '65', '3528', '62');
    fc.assert(
      fc.property(start, fc.stringMatching(/^[0-9]{15}$/), (prefix, random) => {
        const digits = (prefix + random).slice(0, 15);
        const card = digits + luhnDigit(digits);
        assert.ok(isCardNumber(card), card);
        assert.ok(found({ card }), card);
        // One wrong digit is none: Luhn finds every single one.
        assert.equal(isCardNumber(digits + String((Number(card.at(-1)) + 1) % 10)), false);
      }),
      { numRuns: 500 },
    );
  });

  const neither: [string, () => unknown][] = [
    ['UUIDs', () => randomUUID()],
    ['UUIDs of digits alone', () => '11111111-4242-4242-8242-424242424242'],
    ['instants', () => new Date(Math.floor(Math.random() * 4e12)).toISOString()],
    ['Unix milliseconds', () => 1_500_000_000_000 + Math.floor(Math.random() * 1e12)],
    ['Unix microseconds', () => (1_500_000_000_000 + Math.floor(Math.random() * 5e11)) * 1000 + 7],
    ['Unix nanoseconds', () => `1${String(Math.random()).slice(2, 17).padEnd(15, '0')}000`],
    [
      'compact times',
      () => new Date(Math.floor(Math.random() * 4e12)).toISOString().replaceAll(/[^0-9]/g, ''),
    ],
    ['invoice numbers', () => `INV-2026-${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`],
    [
      'numbers of a month and a place',
      () => `2026-11-21-${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`,
    ],
    ['IBANs in groups', () => `DE89 3704 0044 ${4 + Math.floor(Math.random() * 3)}532 0130 00`],
    [
      'telephone numbers',
      () => `+${10 + Math.floor(Math.random() * 89)}${String(Math.random()).slice(2, 14)}`,
    ],
    [
      'SIRETs',
      () => {
        const siren = `3${pick('0689')}${digitsOf(6)}`;
        const siret = `${siren}${luhnDigit(siren)}${digitsOf(4)}`;
        return siret + luhnDigit(siret);
      },
    ],
    ['article numbers of 13 digits', () => `4${digitsOf(12)}`],
    ['ids of 18 digits', () => `81${digitsOf(16)}`],
    ['fractions', () => `0.${4242424242424242 + Math.floor(Math.random() * 9)}`],
    ['digests', () => randomUUID().replaceAll('-', '')],
    ['amounts', () => (Math.random() * 1e9).toFixed(2)],
  ];
  for (const [what, make] of neither) {
    it(`are not seen in ${what}: none of 20,000`, () => {
      for (let count = 0; count < 20_000; count += 1) {
        const value = make();
        assert.equal(found({ value }), false, String(value));
      }
    });
  }

  it('are seen in fewer than 3 of 100 random numbers of 16 digits, which nothing can tell from them', () => {
    let seen = 0;
    const total = 50_000;
    for (let count = 0; count < total; count += 1) {
      seen += Number(holdsCardNumber(String(Math.random()).slice(2, 18).padEnd(16, '7')));
    }
    assert.ok(seen / total < 0.03, `${seen} of ${total}`);
    assert.ok(seen > 0);
  });
});
