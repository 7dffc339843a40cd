import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { asvsIds, asvsPage, readAsvs } from '../../tools/asvs.ts';

const root = new URL('../../', import.meta.url);

test('every requirement of ASVS V6 to V10 at levels 1 and 2 has one answer', async () => {
  const requirements = await readAsvs(root);
  assert.deepEqual(
    requirements.map(({ id }) => id),
    asvsIds,
  );
  assert.equal(asvsIds.length, 96);
});

test('what is met names tests that exist; what is not says why', async () => {
  for (const { id, status, how, tests } of await readAsvs(root)) {
    assert.equal(tests.length > 0, status === 'met', `${id}: tests where it is met, and only there`);
    assert.ok(status === 'met' || how.length > 20, `${id} says why`);
    for (const { file, title } of tests) {
      assert.ok(existsSync(new URL(file, root)), `${id}: ${file}`);
      assert.ok((await readFile(new URL(file, root), 'utf8')).includes(title), `${id}: ${file} "${title}"`);
    }
  }
});

test('the page is what the data says', async () => {
  const page = await readFile(new URL('docs/asvs.md', root), 'utf8');
  assert.equal(page, asvsPage(await readAsvs(root)), 'run: npm run docs');
});
