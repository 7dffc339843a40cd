import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeQueue } from './mailStatus.ts';

test('the state of the outbox is told in sentences', () => {
  const idle = { waiting: 0, oldestSeconds: 0, dead: 0, lastError: null };
  assert.equal(describeQueue(idle), 'No message waits.');
  assert.equal(
    describeQueue({ waiting: 1, oldestSeconds: 90, dead: 0, lastError: 'ECONNREFUSED' }),
    '1 message waits, the oldest for 90 s. The last failure was ECONNREFUSED.',
  );
  assert.equal(
    describeQueue({ waiting: 3, oldestSeconds: 5, dead: 2, lastError: null }),
    '3 messages wait, the oldest for 5 s. 2 given up within the last day.',
  );
});
