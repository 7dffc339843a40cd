import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rankTest } from './rankTest.ts';

// Values worked out by hand, and the normal approximation of scipy.stats.mannwhitneyu(use_continuity=False).
test('the rank test agrees with known values', () => {
  assert.deepEqual(rankTest([1, 2, 3], [4, 5, 6]).superiority, 0);
  assert.deepEqual(rankTest([4, 5, 6], [1, 2, 3]).superiority, 1);
  assert.deepEqual(rankTest([1, 1, 1], [1, 1, 1]), { superiority: 0.5, z: 0 });
  // U = 1; z = (1 - 4.5) / sqrt(9 / 12 * 7) = -1.5275
  const near = rankTest([1, 2, 4], [3, 5, 6]);
  assert.equal(near.superiority.toFixed(4), '0.1111');
  assert.equal(near.z.toFixed(4), '-1.5275');
  // One tie of two: variance 9 / 12 * (7 - 6 / 30) = 5.1
  assert.equal(rankTest([1, 2, 3], [3, 5, 6]).z.toFixed(4), (-4 / Math.sqrt(5.1)).toFixed(4));
});

test('the rank test tells a small shift from none', () => {
  const noise = Array.from({ length: 4000 }, (_, index) => (Math.sin(index * 12.9898) * 43_758.5453) % 1);
  const [first, second] = [noise.slice(0, 2000), noise.slice(2000)];
  assert.ok(Math.abs(rankTest(first, second).z) < 3);
  assert.ok(
    rankTest(
      first.map((value) => value + 0.2),
      second,
    ).z > 4,
  );
});
