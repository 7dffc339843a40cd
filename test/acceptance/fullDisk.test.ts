import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bulkhead, processesOf } from './command.ts';

/** Why a small disk cannot be had here; `false` where it can. */
function reasonToSkip(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'needs root on Linux, to mount a small disk';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return false;
  } catch {
    return 'mounting is not allowed here';
  }
}

for (const [size, what] of [
  ['0', 'no room for the folder’s own files'],
  ['12m', 'no room for a database'],
] as const) {
  test(`a full disk (${what}) is a sentence that says what to do`, { skip: reasonToSkip() }, async (t) => {
    const disk = await mkdtemp(join(tmpdir(), 'bulkhead-disk-'));
    // A size of 0 would mean no limit at all; one block with one inode holds nothing.
    const limit = size === '0' ? 'size=4k,nr_inodes=1' : `size=${size}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${limit},mode=755`, 'tmpfs', disk]);
    t.after(async () => {
      execFileSync('umount', ['-l', disk]);
      await rm(disk, { recursive: true, force: true });
    });
    const { code, stderr } = await bulkhead(t, ['up', '--data', join(disk, 'data'), '--port', '0']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /disk that holds .* is full/);
    assert.match(stderr, /another (?:folder|disk)|--data/);
    assert.doesNotMatch(stderr, / at .*[.]ts/);
    assert.deepEqual(processesOf(disk), []);
  });
}
