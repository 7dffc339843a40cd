import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receipt } from '@bulkhead/platform/webhooks/in';
import { createSenderLimit } from './unknownSources.ts';

const request = { header: () => undefined, body: new Uint8Array() };
const good: Receipt = { status: 200, code: undefined };
const unknown: Receipt = { status: 401, code: 'source_unknown' };

function setUp(cap: number) {
  let now = 0;
  const taken = new Map<string, number>();
  const reached: string[] = [];
  const refused = { name: 'refused', cap, seconds: 60 };
  const limiter = {
    take: (limit: typeof refused, key: string) => {
      const count = (taken.get(key) ?? 0) + 1;
      taken.set(key, count);
      return Promise.resolve({
        admitted: count <= cap,
        limit,
        remaining: Math.max(0, cap - count),
        resetsIn: 60_000,
      });
    },
  };
  const receiver = {
    receive: (source: string) => {
      reached.push(source);
      return Promise.resolve(source === 'shop' ? good : unknown);
    },
  };
  const limit = createSenderLimit({
    receiver,
    limits: { limiter, policies: { refused, webhooks: undefined } },
    clock: () => now,
  });
  return {
    reached,
    send: (from: string, source: string) => limit.receive(from, source, request),
    advance: (milliseconds: number) => void (now += milliseconds),
  };
}

test('EDG-5: an address that names unknown sources is no longer looked up for; others are, and so are known sources', async () => {
  const { reached, send, advance } = setUp(5);
  assert.deepEqual(await send('192.0.2.1', 'shop'), good);
  for (let count = 0; count < 100; count += 1) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(await send('192.0.2.1', `guess-${count}`), unknown);
  }
  // The sixth is the one that says that it is too many.
  assert.equal(reached.length, 1 + 6);
  assert.deepEqual(await send('::ffff:192.0.2.1', 'guess'), unknown);
  assert.equal(reached.length, 7);
  assert.deepEqual(await send('192.0.2.1', 'shop'), good);
  assert.deepEqual(await send('198.51.100.1', 'guess'), unknown);
  assert.equal(reached.length, 9);
  advance(60_001);
  await send('192.0.2.1', 'guess');
  assert.equal(reached.length, 10);
});

test('EDG-5: without that limit a flood of guesses reaches the look-up every time', async () => {
  const { reached, send } = setUp(Number.MAX_SAFE_INTEGER);
  for (let count = 0; count < 100; count += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await send('192.0.2.1', `guess-${count}`);
  }
  assert.equal(reached.length, 100);
});
