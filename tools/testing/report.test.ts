import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conclude, type Outcome } from './report.ts';

const green: Outcome = { title: 'Postgres 18', passed: 3, failed: 0, skipped: [], todo: 0, seconds: 1.2 };
const skipping: Outcome = { ...green, skipped: [{ name: 'pool', reason: 'pgbouncer not installed' }] };
const plain = { strict: false, earlier: [] };

test('a green run succeeds and counts', () => {
  const { lines, ok } = conclude([green, green], plain);
  assert.equal(ok, true);
  assert.equal(lines.at(-1), 'test: passed: 6 passed, 0 failed, 0 skipped, 0 todo');
});

test('a skipped test is named, and fails the run in CI', () => {
  assert.equal(conclude([skipping], plain).ok, true);
  assert.equal(conclude([skipping], { strict: true, earlier: [] }).ok, false);
  assert.ok(
    conclude([skipping], plain).lines.includes('not run: pool [Postgres 18]: pgbouncer not installed'),
  );
});

test('a failed test, an earlier failure, or no test at all fails the run', () => {
  assert.equal(conclude([{ ...green, failed: 1 }], plain).ok, false);
  assert.equal(conclude([green], { strict: false, earlier: ['check'] }).ok, false);
  assert.equal(conclude([{ ...green, passed: 0 }], plain).ok, false);
  assert.equal(conclude([{ ...green, todo: 1 }], { strict: true, earlier: [] }).ok, false);
});
