import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { enableAccount } from '../identity/accountState.ts';

export const accountEnable = defineCommand({
  name: ['account', 'enable'],
  summary: 'let a disabled account sign in again',
  description:
    'Its sessions stay ended, and its password and factors are as they were: reset them where the account may have been in other hands.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead account enable --email dana@example.com --reason "back from leave, ticket 802"',
      does: 'let dana back in',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => enableAccount(client, { email, reason, at: new Date() })),
    );
    terminal.answer({ json: { email, disabled: false }, text: `${email} may sign in again.` });
    return exit.ok;
  },
});
