/** Runs every check, or those whose name contains the word given: `npm run check -- types`. */
import { fileURLToPath } from 'node:url';
import type { Check } from './check/check.ts';
import { checks } from './check/checks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [word = ''] = process.argv.slice(2);
const waiting = checks.filter(({ name }) => name.includes(word));
let failed = 0;

async function report({ name, run }: Check): Promise<void> {
  const start = performance.now();
  const problems = await run(root).catch((error: unknown) => [String(error)]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (problems.length > 0) failed += 1;
  const indented = problems.map((problem) => `\n${problem}`.replaceAll('\n', '\n    ')).join('');
  console.log(`${problems.length === 0 ? '✔' : '✖'} ${name} (${seconds} s)${indented}`);
}

async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await report(next);
}

const total = waiting.length;
// Two at a time: each of the slow ones is a program with threads of its own.
await Promise.all([work(), work()]);
console.log(failed === 0 ? `check: all ${total} passed` : `check: ${failed} of ${total} failed`);
process.exitCode = failed === 0 && total > 0 ? 0 : 1;
