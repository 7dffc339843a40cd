import { plural } from './plain.ts';
import type { Report } from './report.ts';

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** The conclusion in one sentence, never more than was shown. */
export function verdictLine({ command, exitCode, summary, failOn }: Report): string {
  const [findings, leaks] = [sum(summary.findings), sum(summary.leaks)];
  if (exitCode === 1) return leaks > 0 ? 'LEAKS: isolation does not hold.' : 'FINDINGS: see above.';
  if (exitCode === 2) return 'NOT PROVEN: something could not be seen or came to no conclusion.';
  if (leaks > 0) {
    const rest = `${plural(leaks, 'leak')} to injected SQL or by side channels: not counted, as --fail-on is ${failOn}.`;
    return failOn === 'never'
      ? `${plural(leaks, 'leak')}: not counted.`
      : `HELD against every tenant. ${rest}`;
  }
  if (findings > 0) return `Nothing at or above ${failOn}.`;
  if (summary.accepted > 0) return 'Nothing but what the baseline accepts.';
  return command === 'scan'
    ? 'CLEAN: no rule found anything.'
    : 'PROVEN: every attack that applies was refused.';
}
