import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverDefects } from './channels.ts';
import type { Subject } from './rule.ts';

const missing = (version: string, versionNumber: number): string[] =>
  serverDefects
    .check({
      catalog: { server: { version, versionNumber, database: 'd', encoding: 'UTF8', settings: [] } },
    } as unknown as Subject)
    .map(({ detail }) => detail ?? '');

test('T-13, T-14: BH069 finds servers that lack a fix, and no others', () => {
  assert.deepEqual(missing('18.0', 180000), []);
  assert.deepEqual(missing('17.6', 170006), []);
  assert.deepEqual(missing('17.5', 170005), ['CVE-2025-8713']);
  assert.deepEqual(missing('15.14', 150014), []);
  assert.deepEqual(missing('15.8', 150008), ['CVE-2025-8713', 'CVE-2024-10976']);
  assert.deepEqual(missing('15.2', 150002), ['CVE-2025-8713', 'CVE-2024-10976', 'CVE-2023-2455']);
  assert.deepEqual(missing('9.6.24', 90624), ['CVE-2025-8713', 'CVE-2024-10976', 'CVE-2023-2455']);
});
