import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromCell, toCell, toCsv } from './cell.ts';
import { readRecords } from './records.ts';
import { readText } from './text.ts';

const risky = fc.string({
  unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', 'a', '"', ',', ';', ' ', 'é'),
  maxLength: 8,
});

test('property: no exported cell starts a formula', () => {
  fc.assert(
    fc.property(risky, (value) => {
      assert.doesNotMatch(toCell(value), /^"?[=+\-@\t\r]/);
    }),
  );
});

test('property: what was exported is read back, but for outer blanks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(risky, { minLength: 1, maxLength: 5 }), async (values) => {
      const trimmed = values.map((value) => value.trim());
      const csv = toCsv([['n', 'value'], ...trimmed.map((value, n) => [String(n), value])]);
      const { records } = await readRecords(readText(csv), { required: ['n', 'value'], optional: [] });
      assert.deepEqual(
        records.map(({ cells }) => cells?.['value']),
        trimmed,
      );
    }),
  );
});

test('an apostrophe that was there stays', () => {
  for (const value of ["'", "''", "'=", "'a", "''=1", "'''+"])
    assert.equal(fromCell(toCell(value)), value, value);
});
