import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from './suggest.ts';

const words = ['up', 'migrate', 'tenant', 'operator', 'context', 'check', 'version'];

for (const [typed, meant] of [
  ['migrat', 'migrate'],
  ['mirgate', 'migrate'],
  ['tenants', 'tenant'],
  ['TENANT', 'tenant'],
  ['chek', 'check'],
  ['pu', 'up'],
  ['contxet', 'context'],
  ['banana', undefined],
  ['', undefined],
  ['x', undefined],
] as const) {
  test(`"${typed}" suggests ${meant ?? 'nothing'}`, () => {
    assert.equal(suggest(typed, words), meant);
  });
}
