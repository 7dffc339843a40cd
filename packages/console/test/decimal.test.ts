import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  compare,
  decimalText,
  multiply,
  negate,
  parseDecimal,
  round,
  subtract,
  sum,
  type Decimal,
} from '../src/money/decimal.ts';
import { readableAmount, shortAmount } from '../src/money/format.ts';

const decimals = fc.record(
  { units: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), scale: fc.integer({ min: 0, max: 12 }) },
  { noNullPrototype: true },
);

/** A fraction with a power of ten below the line: the model that the arithmetic is held against. */
function fraction({ units, scale }: Decimal): [bigint, bigint] {
  return [units, 10n ** BigInt(scale)];
}

function same(actual: Decimal, [top, bottom]: [bigint, bigint]): void {
  const [units, unit] = fraction(actual);
  assert.equal(units * bottom, top * unit);
}

function decimal(text: string): Decimal {
  const value = parseDecimal(text);
  assert.ok(value, `${text} should be a decimal`);
  return value;
}

describe('decimal arithmetic (BOK-2)', () => {
  test('text survives a round trip exactly', () => {
    fc.assert(fc.property(decimals, (value) => assert.deepEqual(parseDecimal(decimalText(value)), value)));
  });

  test('addition, subtraction and multiplication equal those of fractions', () => {
    fc.assert(
      fc.property(decimals, decimals, (left, right) => {
        const [a, b] = fraction(left);
        const [c, d] = fraction(right);
        same(add(left, right), [a * d + c * b, b * d]);
        same(subtract(left, right), [a * d - c * b, b * d]);
        same(multiply(left, right), [a * c, b * d]);
      }),
    );
  });

  test('a sum does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(decimals, { maxLength: 20 }), (values) => {
        assert.equal(compare(sum(values), sum(values.toReversed())), 0);
      }),
    );
  });

  test('rounding is off by at most half a unit, and halves go away from zero', () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: 0, max: 6 }), (value, scale) => {
        const rounded = round(value, scale);
        assert.equal(rounded.scale, scale);
        const error = subtract(rounded, value);
        const magnitude = error.units < 0n ? negate(error) : error;
        assert.ok(compare(multiply(magnitude, decimal('2')), { units: 1n, scale }) <= 0);
        assert.deepEqual(round(negate(value), scale), negate(rounded));
      }),
    );
    for (const [text, expected] of [
      ['0.005', '0.01'],
      ['-0.005', '-0.01'],
      ['0.004999', '0.00'],
      ['2.345', '2.35'],
      ['2', '2.00'],
    ] as const) {
      assert.equal(decimalText(round(decimal(text), 2)), expected);
    }
  });

  test('a price that floats get wrong is right', () => {
    assert.equal(decimalText(round(multiply(decimal('1.005'), decimal('1000')), 2)), '1005.00');
    assert.equal(decimalText(add(decimal('0.1'), decimal('0.2'))), '0.3');
  });

  test('what is no decimal is refused', () => {
    for (const text of [
      '',
      ' ',
      '.',
      '-',
      '1e5',
      '0x10',
      '1.2.3',
      '1,2',
      '12,34',
      '1,234,56',
      'NaN',
      'Infinity',
      '٣',
      `1${'0'.repeat(60)}`,
    ]) {
      assert.equal(parseDecimal(text), null, JSON.stringify(text));
    }
    for (const [text, expected] of [
      [' 12.50 ', '12.50'],
      ['1,234.5', '1234.5'],
      ['1 234 567', '1234567'],
      ['.5', '0.5'],
      ['-.5', '-0.5'],
      ['5.', '5'],
      ['+7', '7'],
    ] as const) {
      assert.equal(decimalText(decimal(text)), expected);
    }
  });
});

describe('amounts for reading', () => {
  test('grouped, with a true minus sign, and never shortened in value', () => {
    assert.equal(readableAmount('1234567.5'), '1,234,567.50');
    assert.equal(readableAmount('-1234.567'), '\u22121,234.567');
    assert.equal(readableAmount('90071992547409931.01'), '90,071,992,547,409,931.01');
    assert.equal(readableAmount('not a number'), 'not a number');
  });

  test('short amounts for axes', () => {
    assert.equal(shortAmount('9999.99'), '9,999');
    assert.equal(shortAmount('-340000'), '\u2212340 k');
    assert.equal(shortAmount('1250000.00'), '1.2 m');
  });
});
