import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOf } from './pattern.ts';

test('PRO-2: a sample of a regular expression matches it', () => {
  for (const expression of [
    '^[A-Z]{3}$',
    '^[0-9]{4,10}$',
    String.raw`^[a-z_]+\.[a-z_]+$`,
    '^(draft|sent)-[^a]x?$',
    String.raw`^\+\d{2} \d*$`,
    '@',
    'a|b',
  ]) {
    const sample = sampleOf(expression);
    assert.ok(sample !== undefined && new RegExp(expression).test(sample), `${expression}: ${sample}`);
  }
});

test('PRO-2: an expression that is beyond it has no sample, and is not answered wrongly', () => {
  for (const expression of ['^(?=a)b$', '^[[:alpha:]]+$', '^(a', String.raw`^(a)\1b$`, '^a*b{2}(?!c)$'])
    assert.equal(sampleOf(expression), undefined, expression);
});
