import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvLine } from '@bulkhead/platform/content';
import fc from 'fast-check';
import { readRecords } from './records.ts';
import { readText } from './text.ts';

const risky = fc.string({
  unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\n', 'a', '"', ',', ';', ' ', 'é'),
  maxLength: 8,
});

test('property: what was exported is read back, but for outer blanks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(risky, { minLength: 1, maxLength: 5 }), async (values) => {
      const trimmed = values.map((value) => value.trim());
      const rows = [['n', 'value'], ...trimmed.map((value, n) => [String(n), value])];
      const csv = rows.map(csvLine).join('');
      const { records } = await readRecords(readText(csv), { required: ['n', 'value'], optional: [] });
      assert.deepEqual(
        records.map(({ cells }) => cells?.['value']),
        trimmed,
      );
    }),
  );
});
