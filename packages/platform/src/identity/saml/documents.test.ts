import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { samlFailures } from './failure.ts';

const page = new URL('../../../../../docs/identity.md', import.meta.url);
const here = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');

it('the page’s table of SAML checks names tests that exist, and every code of a response (AUT-7)', async () => {
  const [, table = ''] = /### What is checked\n([\s\S]*?)\n## /.exec(await readFile(page, 'utf8')) ?? [];
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| check'));
  assert.ok(rows.length > 15);
  for (const row of rows) {
    let file = '';
    for (const [, name, title] of row.matchAll(/`([\w.]+\.test\.ts)`|"([^"]+)"/g)) {
      // oxlint-disable-next-line no-await-in-loop -- a few small files
      if (name !== undefined) file = await here(name);
      else assert.ok(file.includes(title ?? ''), `there is no test "${title}"`);
    }
    assert.notEqual(file, '', row);
  }
  // What an answer is not refused for, or before anything of it is read.
  const elsewhere = new Set([
    'connection_unusable',
    'flow_unknown',
    'metadata_refused',
    'status_refused',
    'encoding_refused',
    'xml_malformed',
    'namespace_refused',
  ]);
  const missing = Object.keys(samlFailures).filter(
    (code) => !elsewhere.has(code) && !table.includes(`\`${code}\``),
  );
  assert.deepEqual(missing, []);
});

it('one release of the XML parser is installed, past the advisories of September 2026 (T-42)', async () => {
  const lockfile = JSON.parse(
    await readFile(new URL('../../../../../package-lock.json', import.meta.url), 'utf8'),
  ) as { packages: Record<string, { version?: string }> };
  const versions = Object.entries(lockfile.packages)
    .filter(([path]) => path.endsWith('node_modules/@xmldom/xmldom'))
    .map(([, { version }]) => version);
  // CVE-2026-83605 to 83616 are fixed in 0.8.15; node-saml itself would be content with 0.8.10.
  assert.deepEqual(versions, ['0.8.15']);
});
