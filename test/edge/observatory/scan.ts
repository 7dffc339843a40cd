/**
 * Scans one server of this machine with the MDN HTTP Observatory's own retriever, tests and grader, and prints what they
 * found as JSON: `scan.ts <http port> <https port>`. Its command takes a public host name alone; these functions, which
 * the command calls, take ports. To be run with NODE_EXTRA_CA_CERTS.
 */
import { existsSync, writeFileSync } from 'node:fs';
import type { ObservatoryReport } from './report.ts';

const source = new URL('node_modules/@mdn/mdn-http-observatory/src/', import.meta.url);
const load = async <Exports>(path: string): Promise<Exports> =>
  (await import(new URL(path, source).href)) as Exports;

type Result = { constructor: { name: string }; result: string; pass: boolean };

// Downloaded by its install script, which does not run here. This server is on no such list.
const preloaded = new URL('../conf/hsts-preload.json', source);
if (!existsSync(preloaded)) writeFileSync(preloaded, '{}');

const { retrieve } = await load<{
  retrieve: (host: string, ports: { httpPort: number; httpsPort: number }) => Promise<unknown>;
}>('retriever/retriever.js');
const { ALL_TESTS } = await load<{ ALL_TESTS: ((retrieved: unknown) => Result)[] }>('constants.js');
const { getScoreModifier, getGradeForScore } = await load<{
  getScoreModifier: (result: string) => number;
  getGradeForScore: (score: number) => { score: number; grade: string };
}>('grader/grader.js');

const [httpPort, httpsPort] = process.argv.slice(2).map(Number);
const retrieved = await retrieve('localhost', { httpPort: httpPort ?? 80, httpsPort: httpsPort ?? 443 });
const results = ALL_TESTS.map((run) => run(retrieved)).map((found) => ({
  test: found.constructor.name,
  result: found.result,
  passed: found.pass,
  points: getScoreModifier(found.result),
}));
const { score, grade } = getGradeForScore(results.reduce((sum, { points }) => sum + points, 100));
console.log(JSON.stringify({ score, grade, results } satisfies ObservatoryReport));
