import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Duties, type Duty, type Timers } from './duty.ts';

type Waiting = { work: () => void; milliseconds: number };

function manualTimers() {
  const waiting = new Set<Waiting>();
  const timers: Timers = {
    set: (work, milliseconds) => {
      const entry = { work, milliseconds };
      waiting.add(entry);
      return entry;
    },
    clear: (entry) => void waiting.delete(entry as Waiting),
  };
  const fire = () => {
    const [entry] = waiting;
    assert.ok(entry, 'no timer waits');
    waiting.delete(entry);
    entry.work();
    return entry.milliseconds;
  };
  return { timers, fire, waiting };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function recorder() {
  const lines: object[] = [];
  return { lines, log: { error: (line: object) => void lines.push(line) } };
}

describe('duties', () => {
  test('run at once, then in their rhythm, at once again when there is more to do', async () => {
    const { timers, fire } = manualTimers();
    let runs = 0;
    const duty: Duty = {
      name: 'mail.deliver',
      every: 500,
      run: async () => ((runs += 1) === 2 ? 'again' : undefined),
    };
    const duties = new Duties([duty], { log: recorder().log, timers });
    duties.start();
    await settled();
    assert.equal(runs, 1);
    assert.equal(fire(), 500);
    await settled();
    assert.equal(runs, 2);
    assert.equal(fire(), 0);
    await settled();
    assert.equal(runs, 3);
    await duties.stop();
  });

  test('a run that fails is logged and tried again; the others go on', async () => {
    const { timers, fire, waiting } = manualTimers();
    const { lines, log } = recorder();
    const fails: Duty = {
      name: 'key.rotate',
      every: 10,
      run: () => Promise.reject(new Error('no database')),
    };
    const works: Duty = { name: 'mail.deliver', every: 20, run: async () => undefined };
    const duties = new Duties([fails, works], { log, timers });
    duties.start();
    await settled();
    assert.equal(waiting.size, 2);
    fire();
    await settled();
    assert.deepEqual(
      lines.map((line) => ('duty' in line ? line.duty : undefined)),
      ['key.rotate', 'key.rotate'],
    );
    await duties.stop();
  });

  test('stop waits for a running duty, tells it to end, and begins no other', async () => {
    const { timers, waiting } = manualTimers();
    const { promise, resolve } = Promise.withResolvers<void>();
    let told = false;
    const slow: Duty = {
      name: 'audit.seal',
      every: 10,
      run: async (signal) => {
        signal.addEventListener('abort', () => (told = true));
        await promise;
      },
    };
    const duties = new Duties([slow], { log: recorder().log, timers });
    duties.start();
    let stopped = false;
    const stopping = duties.stop().then(() => (stopped = true));
    await settled();
    assert.equal(told, true);
    assert.equal(stopped, false);
    resolve();
    await stopping;
    assert.equal(waiting.size, 0);
    duties.start();
    await settled();
    assert.equal(waiting.size, 0);
  });
});
