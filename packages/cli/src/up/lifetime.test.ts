import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import { watchLifetime } from './lifetime.ts';

function watch() {
  const signals = new EventEmitter();
  let forced = 0;
  const lifetime = watchLifetime({ signals, force: () => (forced += 1) });
  return { signals, lifetime, forced: () => forced };
}

for (const reason of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${reason} asks to stop`, async () => {
    const { signals, lifetime } = watch();
    assert.equal(lifetime.signal.aborted, false);
    signals.emit(reason);
    assert.equal(await lifetime.stopAsked, reason);
    assert.equal(lifetime.signal.aborted, true);
    lifetime.end();
    assert.deepEqual(signals.eventNames(), []);
  });
}

test('the second Ctrl-C forces; a hang-up never does', () => {
  const { signals, lifetime, forced } = watch();
  signals.emit('SIGINT');
  signals.emit('SIGHUP');
  assert.equal(forced(), 0);
  signals.emit('SIGINT');
  assert.equal(forced(), 1);
  lifetime.end();
});

test('the end of the parent asks to stop', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let parent = 100;
  const lifetime = watchLifetime({
    signals: new EventEmitter(),
    force: () => undefined,
    watchParent: () => parent,
    parentEveryMs: 500,
  });
  t.mock.timers.tick(5_000);
  assert.equal(lifetime.signal.aborted, false);
  parent = 1;
  t.mock.timers.tick(500);
  assert.equal(await lifetime.stopAsked, 'parent');
  lifetime.end();
});
