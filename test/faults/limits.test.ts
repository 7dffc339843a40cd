import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missing } from '../harness/index.ts';
import { killRedisUnderLoad, limitsHeld } from './limits.ts';

test(
  'EDG-2 Redis killed and started empty again under sign-ins on three servers: never wider than twice the cap',
  { skip: missing('redis-server') },
  async (t) => {
    const report = await killRedisUnderLoad({ seed: 6, rounds: 1, kills: 3, callers: 4 });
    t.diagnostic(JSON.stringify(report));
    assert.ok(limitsHeld(report), JSON.stringify(report));
    assert.equal(report.kills, 3);
    // The control: one window that opened wider would be told.
    assert.ok(!limitsHeld({ ...report, most: 2 * report.cap + 1 }));
  },
);
