import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestSources } from './sources.ts';

async function consoleFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-console-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'index.html'), '<main>');
  await writeFile(join(folder, 'src', 'a.ts'), 'a');
  return folder;
}

test('the digest follows content and names, not dates', async (t) => {
  const folder = await consoleFolder(t);
  const first = await digestSources(folder);
  await utimes(join(folder, 'src', 'a.ts'), 1, 1);
  assert.equal(await digestSources(folder), first);
  await writeFile(join(folder, 'src', 'a.ts'), 'b');
  const changed = await digestSources(folder);
  assert.notEqual(changed, first);
  await rename(join(folder, 'src', 'a.ts'), join(folder, 'src', 'c.ts'));
  assert.notEqual(await digestSources(folder), changed);
});

test('what the build writes, installs or does not read leaves it alone', async (t) => {
  const folder = await consoleFolder(t);
  const first = await digestSources(folder);
  for (const name of ['dist', 'dist.123', 'node_modules', 'test', '.cache']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'x.js'), name);
  }
  await writeFile(join(folder, 'src', 'a.test.ts'), 'x');
  assert.equal(await digestSources(folder), first);
});
