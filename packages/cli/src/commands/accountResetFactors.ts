import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { resetFactors } from '../identity/accountState.ts';

export const accountResetFactors = defineCommand({
  name: ['account', 'reset-factors'],
  summary: 'remove the factors of somebody who lost them',
  description:
    'Removes all passkeys, authenticator apps and recovery codes of an account and ends its sessions, so that its password, link or provider opens it again. Whoever asks for this may be a thief: make sure who it is by a way that was agreed on before. It is kept in the audit ledger with the reason.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead account reset-factors --email dana@example.com --reason "lost phone, met in person"',
      does: 'let dana in without them',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    const done = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => resetFactors(client, { email, reason, at: new Date() })),
    );
    terminal.answer({
      json: { email, ...done },
      text: `${email} has no factors any more; ${done.factorsRemoved} removed, sessions ended.`,
    });
    return exit.ok;
  },
});
