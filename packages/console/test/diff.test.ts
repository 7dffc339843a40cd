import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fieldChanges, valueText } from '../src/audit/diff.ts';

const rows = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 8,
});

describe('audit diff (AUD-1)', () => {
  test('an update lists changed fields first', () => {
    const changes = fieldChanges(
      { id: 'a', name: 'Harbour', total: '10.00' },
      { id: 'a', name: 'Harbour', total: '12.50' },
    );
    assert.deepEqual(
      changes.map(({ field, kind }) => [field, kind]),
      [
        ['total', 'changed'],
        ['id', 'same'],
        ['name', 'same'],
      ],
    );
    assert.deepEqual(changes[0], { field: 'total', kind: 'changed', before: '10.00', after: '12.50' });
  });

  test('an insert adds every field and a delete removes every field', () => {
    assert.deepEqual(fieldChanges(null, { name: null }), [
      { field: 'name', kind: 'added', before: null, after: '\u2205' },
    ]);
    assert.deepEqual(fieldChanges({ name: 'x' }, null), [
      { field: 'name', kind: 'removed', before: 'x', after: null },
    ]);
    assert.deepEqual(fieldChanges(null, null), []);
  });

  test('the order of keys inside a JSON value is no change (T-64)', () => {
    const [change] = fieldChanges(
      { detail: { a: 1, b: { c: 2, d: 3 } } },
      { detail: { b: { d: 3, c: 2 }, a: 1 } },
    );
    assert.equal(change?.kind, 'same');
  });

  test('a change deep inside a JSON value shows (T-64)', () => {
    const [change] = fieldChanges({ detail: { a: [{ b: 1 }] } }, { detail: { a: [{ b: 2 }] } });
    assert.equal(change?.kind, 'changed');
    assert.equal(change?.after, '{"a":[{"b":2}]}');
  });

  test('every field appears once, and a row compared with itself has no change', () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const fields = fieldChanges(before, after).map((change) => change.field);
        assert.deepEqual(
          fields.toSorted(),
          [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted(),
        );
        assert.ok(fieldChanges(before, before).every((change) => change.kind === 'same'));
      }),
    );
  });

  test('values as text', () => {
    assert.equal(valueText(true), 'true');
    assert.equal(valueText(null), '\u2205');
    assert.equal(valueText(['a', 1]), '["a",1]');
  });
});
