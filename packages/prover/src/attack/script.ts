import type { Target } from './types.ts';

/** A script for psql, whole: makes its rows, shows the leak last, and undoes everything. */
export type ScriptSource = {
  target: Pick<Target, 'label'>;
  title: string;
  connected: string;
  database: string;
  journal: readonly string[];
  steps: readonly string[];
  /** what psql prints for the last statement */
  shows: string;
};

export function reproduction({
  target,
  title,
  connected,
  database,
  journal,
  steps,
  shows,
}: ScriptSource): string {
  const settled = (step: string): string => `${step.trim()};`;
  return [
    `-- ${target.label}: ${title}`,
    `-- Run as ${connected} in database ${database}. Nothing stays: the transaction is rolled back.`,
    'begin;',
    'set constraints all immediate;',
    ...journal.map(settled),
    `-- Here one tenant does what only the other should be able to do. Leaks when the last answer is: ${shows.replaceAll('\n', ' ')}`,
    ...steps.map(settled),
    'rollback;',
    '',
  ].join('\n');
}
