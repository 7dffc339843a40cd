import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/index.ts';
import { divideRounded, fromUnits, lineAmounts, parseDecimal, toUnits } from './decimal.ts';

let database: TestDatabase;
let client: pg.Client;
before(async () => {
  database = await createTestDatabase({ template: 'empty' });
  client = new pg.Client(database.connections.superuser);
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

const form = { integerDigits: 14, scale: 4 };

for (const [text, plain] of [
  ['0', '0'],
  ['00012.50', '12.50'],
  ['99999999999999.9999', '99999999999999.9999'],
  ['100000000000000', undefined],
  ['1.00001', undefined],
  ['-1', undefined],
  ['+1', undefined],
  ['1e3', undefined],
  ['1,5', undefined],
  ['1.', undefined],
  ['.5', undefined],
  ['', undefined],
  [' 1', undefined],
  ['0x10', undefined],
  ['١٢', undefined],
  ['1'.repeat(40), undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
] as const) {
  test(`reads ${JSON.stringify(text)} as ${plain ?? 'no amount'}`, () => {
    assert.equal(parseDecimal(text, form), plain);
  });
}

test('a comma is a decimal mark only where asked for, and never a thousands separator', () => {
  assert.equal(parseDecimal('12,50', { ...form, comma: true }), '12.50');
  for (const text of ['1,234.50', '1.234,50', '1,234,567']) {
    assert.equal(parseDecimal(text, { ...form, comma: true }), undefined, text);
  }
});

const units = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });

test('property: units and decimals are two forms of one number', () => {
  fc.assert(
    fc.property(units, fc.integer({ min: 0, max: 8 }), (value, scale) => {
      assert.equal(toUnits(fromUnits(value, scale), scale), value);
    }),
  );
});

test('property: a parsed decimal is the same number to Postgres as the text was', async () => {
  const texts = fc
    .sample(
      fc.tuple(
        fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
      ),
      500,
    )
    .map(([value, scale, zeros]) => '0'.repeat(zeros) + fromUnits(value, scale));
  const parsed = texts.map((text) => parseDecimal(text, { integerDigits: 18, scale: 4 }));
  const { rows } = await client.query<{ same: boolean }>(
    'select bool_and(t::numeric = p::numeric) as same from unnest($1::text[], $2::text[]) u (t, p)',
    [texts, parsed],
  );
  assert.equal(rows[0]?.same, true);
});

test('property: rounding and line amounts agree with Postgres to the last unit', async () => {
  const cases = fc.sample(
    fc.record({
      quantity: fc.bigInt({ min: 1n, max: 10n ** 12n - 1n }).map((value) => fromUnits(value, 4)),
      unitPrice: fc
        .oneof(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), fc.constantFrom(5n, 50n, 5_000n, 12_500n))
        .map((value) => fromUnits(value, 4)),
      taxRate: fc.bigInt({ min: 0n, max: 10_000n }).map((value) => fromUnits(value, 2)),
      minorUnits: fc.integer({ min: 0, max: 4 }),
    }),
    1000,
  );
  const { rows } = await client.query<{ net: string; tax: string }>(
    `select net::text, round(net * tax_rate * 0.01, minor)::text as tax
     from (select round(quantity * unit_price, minor) as net, tax_rate, minor, place
       from jsonb_to_recordset($1::jsonb) r (quantity numeric, unit_price numeric, tax_rate numeric, minor int, place int)
     ) lines order by place`,
    [
      JSON.stringify(
        cases.map(({ quantity, unitPrice, taxRate, minorUnits }, place) => ({
          quantity,
          unit_price: unitPrice,
          tax_rate: taxRate,
          minor: minorUnits,
          place,
        })),
      ),
    ],
  );
  cases.forEach((line, index) => {
    const { net, tax } = lineAmounts(line, line.minorUnits);
    assert.deepEqual(
      [fromUnits(net, line.minorUnits), fromUnits(tax, line.minorUnits)],
      [rows[index]?.net, rows[index]?.tax],
      JSON.stringify(line),
    );
  });
});

test('rounds half away from zero on both sides', () => {
  for (const [top, rounded] of [
    [5n, 1n],
    [4n, 0n],
    [15n, 2n],
    [25n, 3n],
    [-5n, -1n],
    [-4n, 0n],
    [-25n, -3n],
  ] as const) {
    assert.equal(divideRounded(top, 10n), rounded, `${top} / 10`);
  }
});

test('refuses to lose decimals', () => {
  assert.throws(() => toUnits('1.234', 2), RangeError);
});
