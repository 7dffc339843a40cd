import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { yearBars } from '../src/overview/bars.ts';
import { decimalText } from '../src/money/decimal.ts';

const amounts = fc
  .bigInt({ min: -(10n ** 18n), max: 10n ** 18n })
  .map((units) => decimalText({ units, scale: 2 }));
const months = fc.array(
  fc.record(
    { startsOn: fc.constant('2026-01-01'), income: amounts, expenses: amounts },
    { noNullPrototype: true },
  ),
  { maxLength: 12 },
);

test('no bar leaves the chart, however large or negative the amounts', () => {
  fc.assert(
    fc.property(months, (year) => {
      const chart = yearBars(year, 170);
      assert.ok(
        chart.months.every(
          ({ income, expenses }) => income >= 0 && income <= 170 && expenses >= 0 && expenses <= 170,
        ),
      );
      assert.deepEqual(
        chart.lines.map(({ y }) => y),
        [170, 127.5, 85, 42.5, 0],
      );
    }),
  );
});

test('the lines stand at round amounts just above the largest', () => {
  const chart = yearBars([{ startsOn: '2026-01-01', income: '437250.00', expenses: '12' }], 100);
  assert.deepEqual(
    chart.lines.map(({ amount }) => amount),
    ['0', '120000', '240000', '360000', '480000'],
  );
});

test('an empty year has a scale too', () => {
  assert.deepEqual(
    yearBars([], 100).lines.map(({ amount }) => amount),
    ['0', '10', '20', '30', '40'],
  );
});
