import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SecretReview } from '@bulkhead/server';
import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';

/** A review as lines for a person. */
export function describeSecrets(secrets: readonly SecretReview[]): string {
  const lines = secrets.flatMap(
    ({ setting, from, path, mode, ageDays, replaceBy, problems, warnings, ...rest }) => [
      [
        setting,
        rest.class,
        from === 'file' ? `${path} (${mode ?? 'no file'})` : from,
        ...(ageDays === null ? [] : [`${ageDays} days old`]),
        ...(replaceBy === null ? [] : [`replace by ${replaceBy.toISOString().slice(0, 10)}`]),
      ].join(' · '),
      ...problems.map((problem) => `    problem: ${problem}`),
      ...warnings.map((warning) => `    note: ${warning}`),
    ],
  );
  const count = secrets.reduce((sum, { problems }) => sum + problems.length, 0);
  const verdict = count === 0 ? 'No problem.' : `${count} ${count === 1 ? 'problem' : 'problems'}.`;
  return [...lines, verdict].join('\n');
}

export const secretsCheck = defineCommand({
  name: ['secrets', 'check'],
  summary: 'list the secrets of the configuration: class, age, file mode, next rotation',
  description:
    'Reads the same environment and files as the server. A secret of the rolling class is replaced while the server ' +
    'runs, one of the restart class by a restart. A problem is what the server refuses to start with (missing, short, ' +
    'an example, readable by everybody), or that a secret is overdue. No value is shown.',
  options: { data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' } },
  examples: [
    { line: 'bulkhead secrets check', does: 'the configured secrets, else the data folder’s own' },
    { line: 'bulkhead secrets check --json', does: 'for a monitor: secrets, each with its problems' },
  ],
  no: 'a secret has a problem',
  async run(values, terminal) {
    const [{ reviewSecrets }, { composeEnvironment, configuresDatabase }] = await Promise.all([
      import('@bulkhead/server'),
      import('../database/settings.ts'),
    ]);
    const folder = join(resolve(terminal.folder, values.data), 'secrets');
    const configured = configuresDatabase(terminal.env);
    if (!configured && !existsSync(folder)) {
      throw new CommandFailure(
        'data_folder_missing',
        `There are no secrets: nothing is configured, and ${folder} is not there.`,
        {
          hint: 'Name the data folder with --data, or set BULKHEAD_DATABASE_HOST and the secrets’ files.',
        },
      );
    }
    // The ids of the data folder's keys stand beside them; here any will do.
    const decided = configured ? {} : { secrets: folder, keyId: '00000000', encryptionKeyId: '00000000' };
    const env = composeEnvironment(terminal.env, decided);
    const secrets = await reviewSecrets({ env, clock: Date.now });
    const ok = secrets.every(({ problems }) => problems.length === 0);
    terminal.answer({ json: { ok, secrets }, text: describeSecrets(secrets) });
    return ok ? exit.ok : exit.no;
  },
});
