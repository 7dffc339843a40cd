import type { Report } from './report.ts';

/** The conclusion in one sentence, never more than was shown. */
export function verdictLine({ command, exitCode, summary, failOn }: Report): string {
  const leaked = Object.values(summary.leaks).some((count) => count > 0);
  if (exitCode === 1) return leaked ? 'LEAKS: isolation does not hold.' : 'FINDINGS: see above.';
  if (exitCode === 2) return 'NOT PROVEN: something could not be seen or came to no conclusion.';
  const below = leaked || Object.values(summary.findings).some((count) => count > 0);
  if (below) return `Nothing at or above ${failOn}.`;
  if (summary.accepted > 0) return 'Nothing but what the baseline accepts.';
  return command === 'scan'
    ? 'CLEAN: no rule found anything.'
    : 'PROVEN: every attack that applies was refused.';
}
