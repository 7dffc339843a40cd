import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { architectureProblems } from '../../test/architecture/packages.ts';
import type { Check } from './check.ts';
import { program } from './program.ts';
import { rules } from './rules.ts';
import { schemaProblems } from './schema.ts';
import { sqlStyle } from './sqlStyle.ts';
import { trackedFiles } from './trackedFiles.ts';

/** What `npm run check` checks, the slow ones first. */
export const checks: readonly Check[] = [
  { name: 'lint (types, import cycles, sizes)', run: (root) => program(root, 'oxlint', ['--quiet']) },
  { name: 'types', run: (root) => program(root, 'tsc', ['-p', '.']) },
  {
    name: 'types of the console',
    run: (root) => program(root, 'tsc', ['-p', 'packages/console', '--noEmit']),
  },
  { name: 'database schema (comments, rights, schema.sql)', run: schemaProblems },
  { name: 'format', run: (root) => program(root, 'oxfmt', ['--check']) },
  { name: 'architecture', run: architectureProblems },
  {
    name: 'files',
    run: async (root) => (await trackedFiles(root)).flatMap((file) => rules.flatMap((rule) => rule(file))),
  },
  {
    name: 'SQL style',
    run: async (root) => (await trackedFiles(root, /\/sql\/(?!schema\.sql).*\.sql$/)).flatMap(sqlStyle),
  },
  {
    name: 'documents every repository has',
    run: async (root) =>
      ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE']
        .filter((name) => !existsSync(join(root, name)))
        .map((name) => `${name} is missing`),
  },
];
