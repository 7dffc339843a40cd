import { defineCommand, exit } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const inboundReplay = defineCommand({
  name: ['inbound', 'replay'],
  summary: 'have failed webhooks processed anew',
  description:
    'The named ones (failed or ignored), or every failed one. A processed webhook is never processed again, and one older than 30 days no longer holds anything to process.',
  options: {
    event: {
      kind: 'list',
      placeholder: 'ID',
      summary: 'one event, as inbound list shows it; may be repeated',
    },
    failed: { kind: 'flag', summary: 'every failed one' },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead inbound replay --failed', does: 'after the module that failed was mended' }],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { replayReceived }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../inbound/received.ts'),
    ]);
    if (values.failed === values.event.length > 0)
      throw usageFailure('Give --failed, or --event once or more.');
    const events = values.failed ? 'failed' : values.event;
    const replayed = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => replayReceived(client, { events, at: new Date() })),
    );
    terminal.answer({
      json: { replayed },
      text: `${replayed} ${replayed === 1 ? 'webhook is' : 'webhooks are'} processed anew.`,
    });
    return exit.ok;
  },
});
