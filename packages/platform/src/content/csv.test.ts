import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvCell, csvLine, csvValue } from './csv.ts';

const risky = fc.string({
  unit: fc.constantFrom("'", '=', '+', '-', '@', '＝', '\t', '\r', '\n', 'a', '"', ',', ';', ' '),
  maxLength: 10,
});
/** The cells of one line, line breaks within them kept. */
const read = (line: string): string[] =>
  parse(line.replace(/\r\n$/, ''), { record_delimiter: 'none of these' })[0] ?? [];
const starts = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]/;

describe('EDG-8 no cell that was exported is a formula', () => {
  test('in a spreadsheet whose list separator is a comma, semicolon or tab, quoted or not', () => {
    fc.assert(
      fc.property(fc.array(risky, { minLength: 1, maxLength: 4 }), (values) => {
        for (const cell of read(csvLine(values))) {
          assert.doesNotMatch(cell, starts);
          // Where the separator is another, a cell begins wherever that one stands, whatever the quotes.
          for (const part of cell.split(/[;\t\r\n]/))
            assert.doesNotMatch(part, /^[" ]*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('every cell is read back as it was', () => {
    fc.assert(
      fc.property(risky, (value) => {
        const [cell = '', next] = read(csvLine([value, 'x']));
        assert.equal(csvValue(cell), value);
        assert.equal(next, 'x');
      }),
      { numRuns: 1000 },
    );
  });

  for (const [value, cell] of [
    ['=1+1', `"'=1+1"`],
    ['＝1', `"'＝1"`],
    [' =1', `"' =1"`],
    ['"=1"', `"'""=1"""`],
    ["'=1", `"''=1"`],
    ['a;=1', `"a;'=1"`],
    ['-3.50', `"'-3.50"`],
    ["O'Hara", `"O'Hara"`],
    ['a=b, c', '"a=b, c"'],
    ['plain', 'plain'],
    [null, ''],
  ] as const) {
    test(`${JSON.stringify(value)} is written ${cell}`, () => assert.equal(csvCell(value), cell));
  }

  test('mutation: written as plain CSV, formulas come through', () => {
    const plain = (values: readonly string[]) =>
      `${values.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')}\r\n`;
    assert.match(read(plain(['=HYPERLINK("https://evil.example")']))[0] ?? '', starts);
  });
});
