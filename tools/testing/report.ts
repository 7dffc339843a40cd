export type Skipped = { name: string; reason: string };

/** What a pass over test files came to. */
export type Outcome = {
  title: string;
  passed: number;
  failed: number;
  skipped: Skipped[];
  todo: number;
  seconds: number;
};

/** The closing lines, and whether the run counts as a success. With `strict` (CI) a skipped test is a failure. */
export function conclude(
  outcomes: readonly Outcome[],
  { strict, earlier }: { strict: boolean; earlier: readonly string[] },
): { lines: string[]; ok: boolean } {
  const skipped = outcomes.flatMap(({ title, skipped: tests }) => tests.map((test) => ({ title, ...test })));
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const unfinished = outcomes.reduce((sum, outcome) => sum + outcome.todo, 0);
  const lines = outcomes.map(
    (outcome) =>
      `${outcome.title}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped.length} skipped (${outcome.seconds.toFixed(0)} s)`,
  );
  for (const { title, name, reason } of skipped) lines.push(`not run: ${name} [${title}]: ${reason}`);
  for (const problem of earlier) lines.push(`failed: ${problem}`);
  const ok =
    failed === 0 && passed > 0 && earlier.length === 0 && !(strict && skipped.length + unfinished > 0);
  if (strict && skipped.length > 0)
    lines.push('With CI=true every test must run: a skipped test is a failure.');
  lines.push(
    `test: ${ok ? 'passed' : 'FAILED'}: ${passed} passed, ${failed} failed, ${skipped.length} skipped, ${unfinished} todo`,
  );
  return { lines, ok };
}
