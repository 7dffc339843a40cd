import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from '../harness/index.ts';

const model = fileURLToPath(new URL('sealing.pml', import.meta.url));
const skip = missing('spin', 'gcc');

/** Every interleaving, or the first that breaks an assertion. */
async function explore(
  t: TestContext,
  ...definitions: string[]
): Promise<{ errors: number; states: number; said: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-spin-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const run = (program: string, ...args: string[]): string => {
    const { stdout, stderr, status } = spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    assert.equal(status, 0, `${program}: ${stdout}${stderr}`);
    return stdout;
  };
  run('spin', ...definitions, '-a', model);
  run('gcc', '-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-DMEMLIM=3000', '-o', 'pan', 'pan.c');
  const said = run('./pan', '-m200000');
  assert.doesNotMatch(said, /search depth too small|out of memory/);
  const errors = Number(/errors: (\d+)/.exec(said)?.[1]);
  return { errors, states: Number(/([\d.e+]+) states, stored/.exec(said)?.[1]), said };
}

describe('T-60 T-62 the model of sealing', { skip }, () => {
  test('seals every committed entry once and in order, in every interleaving of writers and workers that die', async (t) => {
    const { errors, states, said } = await explore(t, '-DROUNDS=1');
    assert.equal(errors, 0, said);
    assert.doesNotMatch(said, /not completed/);
    assert.ok(states > 100_000, String(states));
    t.diagnostic(`${states} states`);
  });
  for (const [what, definition] of [
    ['a high-water mark by id loses entries', '-DNAIVE'],
    ['a round that does not look whether another was faster seals twice', '-DUNLOCKED'],
    ['an id taken before the transaction’s number breaks the order', '-DIDFIRST'],
  ] as const) {
    test(`finds that ${what}: the control`, async (t) => {
      const { errors, said } = await explore(t, '-DROUNDS=1', definition);
      assert.ok(errors > 0, said);
      assert.match(said, /assertion violated/);
    });
  }
});
