/**
 * The whole proof: checks, the console's build, every `*.test.ts` on the embedded Postgres 18, and those that bring or
 * speak SQL again on Debian's Postgres 15. Words given as arguments select test files by path and leave out the rest:
 * `npm test -- kernel/src/pool`. With CI=true a test that could not run is a failure.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from '../packages/cli/src/console/build.ts';
import { findComponent } from '../test/harness/components.ts';
import { sharedServerVariable, startTestServer } from '../test/harness/server.ts';
import { conclude, type Outcome } from './testing/report.ts';
import { runFiles } from './testing/runFiles.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2);
const strict = process.env['CI'] === 'true';
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

/** Also on Postgres 15, the oldest that the SQL must work on: what brings or speaks SQL. */
const speaksSql =
  /^(?:packages\/kernel|packages\/platform|apps\/books|test\/harness|test\/isolation|test\/mutations)\//;

const files = globSync('{packages,apps,test,tools,bench}/**/*.test.ts', {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
})
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .toSorted((one, other) => rank(one) - rank(other) || one.localeCompare(other));

/** What takes longest begins first, so that the others run beside it. */
function rank(path: string): number {
  return /^test\/(?:packaging|browser|system)\//.test(path) ? 0 : 1;
}

async function onPostgres(major: number, selected: readonly string[]): Promise<Outcome> {
  const title = `Postgres ${major}`;
  if (major === 15 && findComponent('postgresql-15') === undefined) {
    const skipped = selected.map((name) => ({ name, reason: 'postgresql-15 not installed' }));
    return { title, passed: 0, failed: 0, skipped, todo: 0, seconds: 0 };
  }
  const server = await startTestServer({ major });
  process.env[sharedServerVariable] = JSON.stringify({ admin: server.admin, major: server.major });
  process.env['BULKHEAD_TEST_PG'] = String(major);
  console.log(`\n${title}: ${selected.length} test files`);
  try {
    const absolute = selected.map((path) => join(root, path));
    return await runFiles({ title, files: absolute, root, signal: interrupted.signal });
  } finally {
    await server.stop();
  }
}

async function prepare(): Promise<string[]> {
  const check = spawnSync(process.execPath, [join(root, 'tools/check.ts')], { cwd: root, stdio: 'inherit' });
  const built = await buildConsole(join(root, 'packages/console'), { progress: console.log }).then(
    () => [],
    (error: unknown) => [`the console’s build: ${error instanceof Error ? error.message : String(error)}`],
  );
  return [...(check.status === 0 ? [] : ['npm run check']), ...built];
}

const earlier = words.length === 0 ? await prepare() : [];
const outcomes = [await onPostgres(18, files)];
const sqlFiles = files.filter((path) => speaksSql.test(path));
if (sqlFiles.length > 0 && !interrupted.signal.aborted) outcomes.push(await onPostgres(15, sqlFiles));
const { lines, ok } = conclude(outcomes, {
  strict,
  earlier: interrupted.signal.aborted ? [...earlier, 'interrupted'] : earlier,
});
console.log(`\n${lines.join('\n')}`);
process.exitCode = ok ? 0 : 1;
