import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const inboundList = defineCommand({
  name: ['inbound', 'list'],
  summary: 'list webhooks that came',
  description:
    'Of every tenant, and of the service itself: those of billing have no tenant. What they hold is encrypted and not shown. Failed ones were tried ten times over a day.',
  options: {
    state: {
      kind: 'text',
      placeholder: 'STATE',
      summary: 'which ones',
      choices: ['failed', 'waiting', 'ignored', 'processed'],
      default: 'failed',
    },
    tenant: { kind: 'text', placeholder: 'ID', summary: 'of one tenant' },
    limit: { kind: 'number', placeholder: 'N', summary: 'at most this many', range: [1, 1000], default: 100 },
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead inbound list', does: 'what was given up, the newest first' },
    {
      line: 'bulkhead inbound list --state waiting --json',
      does: 'what is yet to be processed, for a monitor',
    },
  ],
  async run(values, terminal) {
    const [{ asOwner, withDatabase }, { listReceived }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../inbound/received.ts'),
    ]);
    const events = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => listReceived(client, values)),
    );
    const lines = events.map(({ id, receivedAt, tenant, eventType, eventId, attempts, error }) =>
      [receivedAt, id, tenant ?? 'billing', eventType, eventId, `${attempts} tries`, error ?? '']
        .join('  ')
        .trimEnd(),
    );
    terminal.answer({
      json: { events },
      text: lines.length === 0 ? `No webhook is ${values.state}.` : lines.join('\n'),
    });
    return exit.ok;
  },
});
