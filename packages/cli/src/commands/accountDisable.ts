import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { disableAccount } from '../identity/accountState.ts';

export const accountDisable = defineCommand({
  name: ['account', 'disable'],
  summary: 'shut an account out and end its sessions',
  description:
    'Ends every session of the account and refuses its sign-ins. A server that runs notices within 5 seconds; an access token that one of your own back ends verifies by the key set alone works there until it expires (10 minutes). The reason is kept with the account and in the audit ledger.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead account disable --email dana@example.com --reason "left the company, ticket 731"',
      does: 'shut dana out',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    const done = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => disableAccount(client, { email, reason, at: new Date() })),
    );
    terminal.answer({
      json: { email, disabled: true, ...done },
      text: `${email} is disabled; ${done.sessionsEnded} sessions ended.`,
    });
    return exit.ok;
  },
});
