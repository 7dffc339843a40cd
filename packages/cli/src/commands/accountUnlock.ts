import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { unlockAccount } from '../identity/accountState.ts';

export const accountUnlock = defineCommand({
  name: ['account', 'unlock'],
  summary: 'release an account from lockout',
  description:
    'Five failed sign-ins within 15 minutes lock an account and its address. Time releases them, a password reset does, and this does: make sure who asks for it.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead account unlock --email dana@example.com --reason "called back on the number on file"',
      does: 'let dana try again',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    const done = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => unlockAccount(client, { email, reason, at: new Date() })),
    );
    terminal.answer({
      json: { email, ...done },
      text: `${email} may try again; ${done.failuresReleased} failures released.`,
    });
    return exit.ok;
  },
});
