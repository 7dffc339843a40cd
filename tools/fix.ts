/**
 * Formats the sources and applies the fixes that the linter is sure of. Files given as arguments, or by default all:
 * `npm run fix -- packages/kernel`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const paths = process.argv.slice(2);

function run(program: string, args: string[]): boolean {
  return (
    spawnSync(`${root}/node_modules/.bin/${program}`, args, { cwd: root, stdio: 'inherit' }).status === 0
  );
}

const linted = run('oxlint', ['--fix', '--quiet', ...paths]);
const formatted = run('oxfmt', ['--write', ...paths]);
process.exitCode = linted && formatted ? 0 : 1;
