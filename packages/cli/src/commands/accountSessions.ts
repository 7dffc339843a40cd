import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const accountSessions = defineCommand({
  name: ['account', 'sessions'],
  summary: 'list where an account is signed in, or end all of it',
  description:
    'With --end every session ends, with its refresh tokens and its sign-ins to applications: here at once, on a running server within five seconds. The account may sign in again; see account disable.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    end: { kind: 'flag', summary: 'end them all' },
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead account sessions --email dana@example.com', does: 'where dana is signed in' },
    { line: 'bulkhead account sessions --email dana@example.com --end', does: 'sign dana out everywhere' },
  ],
  async run(values, terminal) {
    const [sessions, { withDatabase }, { withIdentity }] = await Promise.all([
      import('../identity/accountSessions.ts'),
      import('../database/openDatabase.ts'),
      import('../identity/withIdentity.ts'),
    ]);
    const { email, end } = values;
    await withDatabase(values, terminal, (database) =>
      withIdentity(database, async (identity) => {
        if (end) {
          const { ended } = await sessions.endAccountSessions(identity, email);
          terminal.answer({ json: { email, ended }, text: `${ended} sessions of ${email} have ended.` });
          return;
        }
        const listed = await sessions.accountSessions(identity, email);
        const lines = listed.map(
          ({ device, ip, lastSeenAt }) => `${lastSeenAt}  ${device}  ${ip ?? 'address unknown'}`,
        );
        terminal.answer({
          json: { email, sessions: listed },
          text: lines.length === 0 ? `${email} is signed in nowhere.` : lines.join('\n'),
        });
      }),
    );
    return exit.ok;
  },
});
