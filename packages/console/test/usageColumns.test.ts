import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { admittedAtMost, columnsOf, scaleColumns } from '../src/usage/columns.ts';
import type { Usage } from '../src/usage/types.ts';

const usage: Usage = {
  tier: null,
  quotas: [],
  limits: [{ rateClass: 'read', cap: 10, burst: 5 }],
  step: 'hour',
  since: '2026-03-05T08:00:00.000Z',
  until: '2026-03-05T11:20:00.000Z',
  points: [
    { at: '2026-03-05T09:00:00.000Z', rateClass: 'read', answered: 7, refused: 2 },
    { at: '2026-03-05T09:00:00.000Z', rateClass: 'write', answered: 99, refused: 0 },
  ],
};

test('hours in which nothing happened have columns too, the hour that runs among them', () => {
  assert.deepEqual(
    columnsOf(usage, 'read').map(({ at, answered, refused }) => [at.slice(11, 13), answered, refused]),
    [
      ['08', 0, 0],
      ['09', 7, 2],
      ['10', 0, 0],
      ['11', 0, 0],
    ],
  );
});

test('a limit is its minutes and its burst; a class without one has none', () => {
  assert.equal(admittedAtMost(usage, 'read'), 605);
  assert.equal(admittedAtMost({ ...usage, step: 'day' }, 'read'), 24 * 605);
  assert.equal(admittedAtMost(usage, 'heavy'), null);
});

const counts = fc.nat(1_000_000_000);
const column = fc.record({ at: fc.constant('x'), answered: counts, refused: counts });

test('no column leaves the chart, and the limit is in it when it is near', () => {
  fc.assert(
    fc.property(fc.array(column, { maxLength: 48 }), fc.option(counts), (columns, limit) => {
      const chart = scaleColumns(columns, { height: 170, limit });
      for (const { answeredHeight, refusedHeight } of chart.columns) {
        assert.ok(answeredHeight >= 0 && refusedHeight >= 0 && answeredHeight + refusedHeight <= 170.001);
      }
      const tallest = Math.max(0, ...columns.map(({ answered, refused }) => answered + refused));
      assert.equal(chart.limitY !== null, limit !== null && limit <= tallest * 4);
      if (chart.limitY !== null) assert.ok(chart.limitY >= -0.001 && chart.limitY <= 170);
      assert.ok(chart.lines.every(({ count }) => Number.isInteger(count)));
    }),
  );
});
