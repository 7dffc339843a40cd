import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { rulePages } from './pages.ts';

const folder = new URL('../../docs/rules/', import.meta.url);

test('PRO-1: docs/rules says what the rules say (npm run docs writes it)', async () => {
  const pages = await rulePages();
  assert.deepEqual((await readdir(folder)).toSorted(), [...pages.keys()].toSorted());
  for (const [name, text] of pages) assert.equal(await readFile(new URL(name, folder), 'utf8'), text, name);
});
