import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, errorCode, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

type Queries = { query(text: string, values: string[]): Promise<unknown> };

/**
 * Ends an operator's promotion, and with it every stay in a tenant.
 *
 * @param client connected as bulkhead_owner; no other role may
 * @throws CommandFailure operator_missing when the account is no operator
 */
export async function revokeOperator(
  client: Queries,
  { email, reason }: { readonly email: string; readonly reason: string },
): Promise<void> {
  const length = [...reason.trim()].length;
  if (length < 10 || length > 500) throw usageFailure('--reason takes 10 to 500 characters.');
  try {
    await client.query('select identity.revoke_operator($1, $2)', [email, reason]);
  } catch (error) {
    if (errorCode(error) !== '22023') throw error;
    throw new CommandFailure('operator_missing', `${email} is no operator.`, { cause: error });
  }
}

export const operatorRevoke = defineCommand({
  name: ['operator', 'revoke'],
  summary: 'end an operator’s promotion',
  description:
    'Writes directly as bulkhead_owner, and keeps the reason. Every stay of the operator in a tenant ends with the next request.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead operator revoke --email dana@example.com --reason "left the support team"',
      does: 'dana is no operator any more',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => revokeOperator(client, { email, reason })),
    );
    terminal.answer({ json: { email }, text: `${email} is no operator any more.` });
    return exit.ok;
  },
});
