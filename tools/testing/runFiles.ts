import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import type { Transform } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import type { Outcome, Skipped } from './report.ts';

export type Pass = { title: string; files: readonly string[]; root: string; signal: AbortSignal };

const minutesPerFile = 5;

/** Runs test files, each in its own process and two or more at a time, and prints them as they end. */
export async function runFiles({ title, files, root, signal }: Pass): Promise<Outcome> {
  const start = performance.now();
  const skipped: Skipped[] = [];
  let counts = { passed: 0, failed: 0, todo: 0 };
  const stream = run({
    files: [...files],
    cwd: root,
    concurrency: Math.max(2, availableParallelism()),
    timeout: minutesPerFile * 60_000,
    signal,
  });
  stream.on('test:pass', ({ name, skip, file }) => {
    if (skip === undefined || skip === false) return;
    const place = file === undefined ? name : `${relative(root, file)}: ${name}`;
    skipped.push({ name: place, reason: typeof skip === 'string' ? skip : 'marked as skipped' });
  });
  stream.on('test:summary', ({ file, counts: found }) => {
    if (file !== undefined) return;
    const { tests, passed, todo } = found;
    counts = { passed, todo, failed: tests - passed - todo - found.skipped };
  });
  for await (const text of stream.compose<Transform>(new spec())) process.stdout.write(String(text));
  return { title, ...counts, skipped, seconds: (performance.now() - start) / 1000 };
}
