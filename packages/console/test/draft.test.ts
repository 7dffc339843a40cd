import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  draftTotals,
  emptyLine,
  givenLine,
  lineAmounts,
  lineErrors,
  type DraftLine,
} from '../src/invoices/draft.ts';
import { add, compare, decimalText, parseDecimal, zero } from '../src/money/decimal.ts';

function line(fields: Partial<DraftLine>): DraftLine {
  return { ...emptyLine('line'), description: 'Something', unitPrice: '1', ...fields };
}

const given = {
  quantity: /^(?=.*[1-9])\d{1,8}(\.\d{1,4})?$/,
  price: /^\d{1,14}(\.\d{1,4})?$/,
  rate: /^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$/,
};

describe('invoice drafts (BOK-2)', () => {
  test('each line is rounded by itself, halves away from zero', () => {
    const amounts = lineAmounts(line({ quantity: '3', unitPrice: '1.005', taxRate: '7.5' }), 2);
    assert.equal(amounts && decimalText(amounts.net), '3.02');
    assert.equal(amounts && decimalText(amounts.tax), '0.23');
    assert.deepEqual(draftTotals([line({ unitPrice: '0.5', taxRate: '10' })], 0), {
      net: '1',
      tax: '0',
      total: '1',
    });
  });

  test('the total is net plus tax, and an unfinished line counts for nothing', () => {
    const number = fc.bigInt({ min: 0n, max: 10n ** 12n }).map((units) => decimalText({ units, scale: 4 }));
    const drafts = fc.array(fc.record({ quantity: number, unitPrice: number }, { noNullPrototype: true }), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(drafts, (fields) => {
        const lines = fields.map((part) => line({ ...part, taxRate: '19' }));
        const { net, tax, total } = draftTotals([...lines, line({ unitPrice: 'soon' })], 2);
        const [left, right] = [net, tax].map((text) => parseDecimal(text) ?? zero);
        assert.equal(compare(add(left ?? zero, right ?? zero), parseDecimal(total) ?? zero), 0);
      }),
    );
  });

  test('what has no error is sent in the form that the server takes', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^[-+]?\d{0,16}[.,]?\d{0,6}$/),
      fc.constantFrom('1,250', ' 7 ', '.5', '5.', '100', '100.00', '0.0000', '00012'),
    );
    fc.assert(
      fc.property(text, text, text, (quantity, unitPrice, taxRate) => {
        const draft = line({ quantity, unitPrice, taxRate });
        if (Object.keys(lineErrors(draft)).length > 0) return;
        const sent = givenLine(draft);
        assert.match(sent.quantity, given.quantity);
        assert.match(sent.unitPrice, given.price);
        assert.match(sent.taxRate, given.rate);
      }),
      { numRuns: 2000 },
    );
  });

  test('every wrong field is named', () => {
    const wrong = line({ description: ' ', quantity: '0', unitPrice: '-1', taxRate: '100.01' });
    assert.deepEqual(Object.keys(lineErrors(wrong)), ['description', 'quantity', 'unitPrice', 'taxRate']);
    assert.deepEqual(lineErrors(line({ taxRate: '' })), {});
  });
});
