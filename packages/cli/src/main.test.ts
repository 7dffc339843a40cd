import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

test('T-68: an error that nobody catches is no verdict: exit code 3, not 1', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-main-'));
  t.after(() => rmSync(folder, { recursive: true }));
  // Thrown from outside every promise, as a driver's socket handler throws, once the command has begun.
  const stray = `setInterval(() => {
    if (process.listenerCount('uncaughtException') > 0) throw new Error('stray');
  }, 1)`;
  const preload = `data:text/javascript,${encodeURIComponent(stray)}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', preload, main, 'audit', 'verify', '--database', 'postgres://nobody@127.0.0.1:1/none'],
    { cwd: folder, encoding: 'utf8', timeout: 30_000 },
  );
  assert.equal(status, 3, stderr);
  assert.match(stderr, /^bulkhead: Unexpected: stray$/m);
});
