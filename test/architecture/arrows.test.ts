import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { importsOf, violations, type Package } from './arrows.ts';
import { architectureProblems } from './packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const packages: Package[] = [
  { name: '@bulkhead/kernel', folder: 'packages/kernel', declared: new Set(['pg']) },
  { name: '@bulkhead/platform', folder: 'packages/platform', declared: new Set(['@bulkhead/kernel']) },
  { name: '@bulkhead/prover', folder: 'packages/prover', declared: new Set(['@bulkhead/kernel']) },
  {
    name: '@bulkhead/server',
    folder: 'packages/server',
    declared: new Set(['@bulkhead/platform', '@bulkhead/books']),
  },
  { name: '@bulkhead/console', folder: 'packages/console', declared: new Set(['react']) },
];

test('the sources keep the arrows between packages', async () => {
  assert.deepEqual(await architectureProblems(root), []);
});

const forbidden = [
  {
    path: 'packages/kernel/src/a.ts',
    text: `import { x } from '@bulkhead/platform/identity';`,
    why: 'may not depend',
  },
  { path: 'packages/platform/src/a.ts', text: `export * from '@bulkhead/server';`, why: 'may not depend' },
  {
    path: 'packages/prover/src/a.ts',
    text: `import type { x } from '@bulkhead/kernel';`,
    why: 'may not depend',
  },
  { path: 'packages/server/src/a.ts', text: `import books from '@bulkhead/books';`, why: 'may not depend' },
  {
    path: 'packages/server/src/a.ts',
    text: `const x = await import('@bulkhead/books');`,
    why: 'may not depend',
  },
  { path: 'packages/kernel/src/a.ts', text: `import { x } from '../../platform/src/a.ts';`, why: 'outside' },
  {
    path: 'packages/kernel/src/a.ts',
    text: `import kysely from 'kysely';`,
    why: 'not among the dependencies',
  },
  {
    path: 'packages/console/src/a.ts',
    text: `import { contract } from '@bulkhead/server/contract';`,
    why: 'only types',
  },
  {
    path: 'packages/console/src/a.ts',
    text: `import type { x } from '@bulkhead/server';`,
    why: 'may not depend',
  },
  { path: 'packages/platform/src/a.ts', text: `const url = process.env.DATABASE_URL;`, why: 'process.env' },
];

for (const { path, text, why } of forbidden) {
  test(`refused in ${path}: ${text}`, () => {
    const [problem, ...more] = violations({ path, text }, packages);
    assert.match(problem ?? '', new RegExp(why));
    assert.deepEqual(more, []);
  });
}

const allowed = [
  { path: 'packages/platform/src/a.ts', text: `import {\n  x,\n  y,\n} from '@bulkhead/kernel';` },
  { path: 'packages/console/src/a.ts', text: `import type { contract } from '@bulkhead/server/contract';` },
  {
    path: 'packages/kernel/src/a.test.ts',
    text: `import { createTestDatabase } from '../../../test/harness/index.ts';`,
  },
  { path: 'packages/server/src/a.ts', text: `const url = process.env['DATABASE_URL'];` },
];

for (const { path, text } of allowed) {
  test(`accepted in ${path}: ${text.replaceAll('\n', ' ')}`, () => {
    assert.deepEqual(violations({ path, text }, packages), []);
  });
}

test('imports are read whatever their form', () => {
  const text = `import 'a';\nimport b, { type c } from "b";\nexport type { d } from 'd';\nconst e = () => import('e');`;
  assert.deepEqual(importsOf(text), [
    { specifier: 'a', typeOnly: false },
    { specifier: 'b', typeOnly: false },
    { specifier: 'd', typeOnly: true },
    { specifier: 'e', typeOnly: false },
  ]);
});
