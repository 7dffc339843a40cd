import type { MailQueue } from '@bulkhead/platform/mail';
import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

/** The queue as sentences. */
export function describeQueue({ waiting, oldestSeconds, dead, lastError }: MailQueue): string {
  const failed = lastError === null ? '' : ` The last failure was ${lastError}.`;
  const queue =
    waiting === 0
      ? 'No message waits.'
      : `${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}, the oldest for ${oldestSeconds} s.${failed}`;
  return dead === 0 ? queue : `${queue} ${dead} given up within the last day.`;
}

export const mailStatus = defineCommand({
  name: ['mail', 'status'],
  summary: 'show how many messages wait to be sent',
  description:
    'Messages wait while the mail server is down, and are given up when what they say has expired or the mail server ' +
    'refuses them for good. Nothing of what they say is shown: it is encrypted, and wiped once it is delivered.',
  options: { ...databaseOptions },
  examples: [
    { line: 'bulkhead mail status', does: 'of the data folder’s instance' },
    { line: 'bulkhead mail status --json', does: 'for a monitor: waiting, oldestSeconds, dead, lastError' },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { readMailQueue }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('@bulkhead/platform/mail'),
    ]);
    const queue = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => readMailQueue(client, Date.now)),
    );
    terminal.answer({ json: queue, text: describeQueue(queue) });
    return exit.ok;
  },
});
