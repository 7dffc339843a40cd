import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { commandPage } from '../../packages/cli/src/pages/commandPage.ts';
import { configurationPage } from '../../packages/cli/src/pages/configurationPage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

test('the pages of commands and settings are what the code says', async () => {
  assert.equal(await read('docs/cli.md'), commandPage(commands), 'run: npm run docs');
  assert.equal(await read('docs/configuration.md'), configurationPage(), 'run: npm run docs');
});

/** The requirements that this version brings. */
const brought = [
  'ISO-1',
  'ISO-2',
  'ISO-3',
  'ISO-4',
  'ISO-5',
  'ISO-6',
  'ISO-7',
  'ISO-8',
  'ISO-9',
  'ISO-10',
  'ISO-11',
  'ISO-12',
  'ISO-13',
  'AUT-4',
  'AUT-5',
  'AUT-6',
  'AUT-7',
  'AUT-8',
  'AUT-10',
  'AUT-12',
  'ACC-1',
  'ACC-2',
  'ACC-3',
  'ACC-4',
  'ACC-5',
  'AUD-1',
  'AUD-2',
  'AUD-3',
  'AUD-4',
  'AUD-5',
  'AUD-6',
  'AUD-7',
  'PRV-6',
  'BOK-1',
  'BOK-2',
  'BOK-3',
  'EDG-1',
  'EDG-2',
  'EDG-3',
  'EDG-4',
  'EDG-5',
  'EDG-6',
  'EDG-7',
  'EDG-8',
  'EDG-9',
  'OPS-6',
  'PRO-1',
  'PRO-2',
  'PRO-3',
  'PRO-4',
  'PRO-5',
  'AUT-1',
  'AUT-2',
  'AUT-3',
  'AUT-9',
  'AUT-11',
];

type Row = { id: string; shownBy: { path: string; title: string }[] };

function rowsOf(page: string): Row[] {
  return [...page.matchAll(/^\| ([A-Z]{3}-\d+) \| .+? \| (.+) \|$/gm)].map(([, id = '', cell = '']) => ({
    id,
    shownBy: [...cell.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({ path, title })),
  }));
}

test('every promised requirement points at tests that exist', async () => {
  const rows = rowsOf(await read('docs/requirements.md'));
  assert.deepEqual(rows.map(({ id }) => id).toSorted(), brought.toSorted());
  for (const { id, shownBy } of rows) {
    assert.ok(shownBy.length > 0, `${id} names a test`);
    for (const { path, title } of shownBy) {
      assert.match(path, /[.]test[.]tsx?$/, `${id}: ${path} is a test`);
      assert.ok(existsSync(join(root, path)), `${id}: there is no ${path}`);
      assert.ok((await read(path)).includes(title), `${id}: ${path} has no test "${title}"`);
    }
    const titles = await Promise.all(shownBy.map(({ path }) => read(path)));
    assert.ok(
      titles.some((text) => text.includes(id)),
      `one of the tests of ${id} names it`,
    );
  }
});

test('a row without a test, or with one that is gone, would be noticed', () => {
  const page = '| ISO-1 | promised | nothing |\n| ISO-2 | promised | `a.test.ts` "one"; `b.test.ts` "two" |';
  assert.deepEqual(rowsOf(page), [
    { id: 'ISO-1', shownBy: [] },
    {
      id: 'ISO-2',
      shownBy: [
        { path: 'a.test.ts', title: 'one' },
        { path: 'b.test.ts', title: 'two' },
      ],
    },
  ]);
});

test('every link and every named file of the pages leads somewhere', async () => {
  const pages = ['*.md', 'docs/**/*.md', 'packages/*/*.md', 'apps/*/*.md'].flatMap((glob) =>
    globSync(glob, { cwd: root }),
  );
  assert.ok(pages.includes('README.md'));
  for (const page of pages) {
    const text = await read(page);
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
    }
    for (const [, path = ''] of text.matchAll(
      /`((?:packages|apps|docs|test|tools|bench|deploy)\/[\w./-]+)`/g,
    )) {
      assert.ok(existsSync(join(root, path)), `${page} names ${path}`);
    }
  }
});

test('every trap that is cited anywhere is described', async () => {
  const described = new Set((await read('docs/traps.md')).match(/(?<=^\| )T-\d+/gm));
  assert.ok(described.size > 40);
  const files = [
    'packages/**/*.{ts,tsx,sql,md}',
    'apps/**/*.{ts,sql,md}',
    '{test,tools,bench,docs}/**/*.{ts,sql,md}',
  ].flatMap((glob) =>
    globSync(glob, { cwd: root, exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path) }),
  );
  assert.ok(files.length > 300);
  for (const file of files) {
    for (const [id] of (await read(file)).matchAll(/\bT-\d+\b/g)) {
      assert.ok(described.has(id), `${file} cites ${id}, which docs/traps.md does not describe`);
    }
  }
});
