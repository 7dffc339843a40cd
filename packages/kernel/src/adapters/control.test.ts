import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseControl, type Control } from './control.ts';

const cases: [text: string, control: Control | undefined][] = [
  ['begin', { verb: 'begin', options: {} }],
  [' BEGIN TRANSACTION; ', { verb: 'begin', options: {} }],
  [
    'start transaction isolation level serializable read only',
    { verb: 'begin', options: { isolation: 'serializable', readOnly: true } },
  ],
  [
    'begin isolation level repeatable read, read write',
    { verb: 'begin', options: { isolation: 'repeatable read', readOnly: false } },
  ],
  ['begin isolation level read uncommitted', { verb: 'begin', options: { isolation: 'read committed' } }],
  ['begin read only not deferrable', { verb: 'begin', options: { readOnly: true } }],
  ['begin deferrable', undefined],
  ['begin; drop table x', undefined],
  [
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    { verb: 'set transaction', options: { isolation: 'serializable' } },
  ],
  ['commit', { verb: 'commit' }],
  ['END', { verb: 'commit' }],
  ['rollback work', { verb: 'rollback' }],
  ['commit and chain', undefined],
  ["commit prepared 'x'", undefined],
  ['savepoint a', { verb: 'savepoint', name: 'a' }],
  ['savepoint "a b"', { verb: 'savepoint', name: '"a b"' }],
  ['savepoint a; select 1', undefined],
  ['rollback to a', { verb: 'rollback to', name: 'a' }],
  ['ROLLBACK TO SAVEPOINT "a"', { verb: 'rollback to', name: '"a"' }],
  ['release savepoint a', { verb: 'release', name: 'a' }],
  ['release a', { verb: 'release', name: 'a' }],
  ['select 1', undefined],
  ['beginning', undefined],
];

describe('transaction commands of ORMs', () => {
  for (const [text, control] of cases) {
    test(text, () => assert.deepEqual(parseControl(text), control));
  }
});
