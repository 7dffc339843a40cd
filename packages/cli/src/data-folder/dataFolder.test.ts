import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CommandFailure } from '../command-line/failure.ts';
import { claim, ClaimedError, startOf } from './claim.ts';
import { openDataFolder } from './dataFolder.ts';
import { keepSecret, readSecret } from './secretFile.ts';

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-folder-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof CommandFailure && error.code === code && error.exitCode === 3;

test('a new folder is laid out, and opened again as it was', async (t) => {
  const path = join(await emptyFolder(t), 'data');
  const first = await openDataFolder(path);
  assert.equal(first.fresh, true);
  assert.equal((await stat(first.secrets)).mode & 0o777, 0o700);
  await writeFile(join(first.secrets, 'kept'), 'x');
  await first.release();
  const again = await openDataFolder(path);
  assert.equal(again.fresh, false);
  assert.equal(await readFile(join(again.secrets, 'kept'), 'utf8'), 'x');
  await again.release();
});

test('reset removes the database and the secrets, and nothing else', async (t) => {
  const path = join(await emptyFolder(t), 'data');
  const first = await openDataFolder(path);
  await mkdir(first.postgres);
  await writeFile(join(first.secrets, 'old'), 'x');
  await writeFile(join(path, 'note.txt'), 'mine');
  await first.release();
  const reset = await openDataFolder(path, { reset: true });
  assert.equal(reset.fresh, true);
  assert.deepEqual(await readdir(reset.secrets), []);
  assert.deepEqual((await readdir(path)).toSorted(), ['bulkhead.json', 'claim', 'note.txt', 'secrets']);
  await reset.release();
});

test('a folder with other files is refused and left alone, also by reset', async (t) => {
  const path = await emptyFolder(t);
  await mkdir(join(path, 'postgres'));
  await writeFile(join(path, 'postgres', 'photo.jpg'), 'x');
  for (const reset of [false, true]) {
    await assert.rejects(openDataFolder(path, { reset }), refusedWith('data_folder_foreign'));
  }
  assert.deepEqual(await readdir(path), ['postgres']);
  assert.deepEqual(await readdir(join(path, 'postgres')), ['photo.jpg']);
});

test('a second instance is refused while the first holds the folder', async (t) => {
  const path = await emptyFolder(t);
  const holder = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(holder, 'spawn');
  const pid = holder.pid ?? 0;
  await writeFile(join(path, 'bulkhead.json'), JSON.stringify({ format: 1 }));
  await writeFile(join(path, 'claim'), JSON.stringify({ pid, started: startOf(pid) }));
  await assert.rejects(openDataFolder(path), (error) => {
    assert.ok(refusedWith('data_folder_in_use')(error));
    assert.match(String(error), new RegExp(`process ${pid}`));
    return true;
  });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const after = await openDataFolder(path);
  await after.release();
});

test('a claim whose process id was given to another process is taken over', async (t) => {
  const file = join(await emptyFolder(t), 'claim');
  await writeFile(file, JSON.stringify({ pid: 1, started: 'long ago' }));
  const taken = await claim(file, { startOf: (pid) => (pid === 1 ? 'just now' : 'me') });
  await taken.release();
});

for (const content of ['', 'half a li', '[]', '{"pid":"one"}', 'null']) {
  test(`a claim that reads ${JSON.stringify(content)} is taken over`, async (t) => {
    const file = join(await emptyFolder(t), 'claim');
    await writeFile(file, content);
    await (await claim(file)).release();
    await assert.rejects(stat(file), /ENOENT/);
  });
}

test('of many that claim at once exactly one holds', async (t) => {
  const file = join(await emptyFolder(t), 'claim');
  const alive = (pid: number) => `start of ${pid}`;
  const results = await Promise.allSettled(
    [11, 12, 13, 14, 15, 16].map((pid) => claim(file, { pid, startOf: alive })),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(result.reason instanceof ClaimedError);
  }
});

test(
  "another user's folder is refused by name",
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (t) => {
    const path = await emptyFolder(t);
    await chown(path, 12_345, 12_345);
    await assert.rejects(openDataFolder(path), (error) => {
      assert.ok(refusedWith('data_folder_not_yours')(error));
      assert.match(String(error), /user 12345/);
      return true;
    });
  },
);

test('a file where the folder should be is refused', async (t) => {
  const path = join(await emptyFolder(t), 'file');
  await writeFile(path, '');
  await assert.rejects(openDataFolder(path), refusedWith('data_folder_not_a_folder'));
  await assert.rejects(openDataFolder(join(path, 'below')), refusedWith('data_folder_not_a_folder'));
});

test('a folder of a later format is refused', async (t) => {
  const path = await emptyFolder(t);
  await writeFile(join(path, 'bulkhead.json'), JSON.stringify({ format: 2 }));
  await assert.rejects(openDataFolder(path, { reset: true }), refusedWith('data_folder_other_version'));
});

test('a secret is made once, 256 bits, for its owner alone', async (t) => {
  const file = join(await emptyFolder(t), 'secrets', 'key');
  const made = await keepSecret(file);
  assert.match(made, /^[0-9a-f]{64}$/);
  assert.equal(await keepSecret(file), made);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const together = await Promise.all([1, 2, 3].map(() => keepSecret(`${file}2`)));
  assert.equal(new Set([made, ...together]).size, 2, 'those that ask at once get the same');
});

test('a secret that others can read, or that is empty or missing, is refused', async (t) => {
  const file = join(await emptyFolder(t), 'key');
  await assert.rejects(readSecret(file), refusedWith('secret_missing'));
  await writeFile(file, 'x', { mode: 0o600 });
  await chmod(file, 0o640);
  await assert.rejects(readSecret(file), refusedWith('secret_exposed'));
  await writeFile(file, '\n');
  await chmod(file, 0o600);
  await assert.rejects(readSecret(file), refusedWith('secret_empty'));
});
