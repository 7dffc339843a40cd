import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, errorCode, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

type Queries = { query(text: string, values: string[]): Promise<{ rows: Record<string, unknown>[] }> };

function text(error: unknown, key: 'constraint' | 'hint' | 'message'): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function explain(error: unknown, email: string): unknown {
  const constraint = text(error, 'constraint');
  if (constraint === 'operator_active_unique') {
    return new CommandFailure('already_operator', `${email} is an operator already.`, { cause: error });
  }
  if (constraint === 'operator_reason_length') return usageFailure('--reason takes 10 to 500 characters.');
  if (errorCode(error) === '22023') {
    const hint = text(error, 'hint');
    const said = `${text(error, 'message') ?? 'refused'}.`;
    const sentence = said.charAt(0).toUpperCase() + said.slice(1);
    const options = hint === undefined ? { cause: error } : { hint, cause: error };
    return new CommandFailure(constraint ?? 'operator_refused', sentence, options);
  }
  return error;
}

/**
 * Makes an account an operator.
 *
 * @param client connected as bulkhead_owner; no other role may
 * @throws CommandFailure when there is no such account, its address is unverified, or it is an operator already
 */
export async function promoteOperator(
  client: Queries,
  request: { readonly email: string; readonly reason: string },
): Promise<{ operatorId: string }> {
  try {
    const { rows } = await client.query('select identity.promote_operator($1, $2) as id', [
      request.email,
      request.reason,
    ]);
    return { operatorId: String(rows[0]?.['id']) };
  } catch (error) {
    throw explain(error, request.email);
  }
}

export const operatorPromote = defineCommand({
  name: ['operator', 'promote'],
  summary: 'make an account an operator of the service',
  description:
    'There is no way to become an operator from inside the product. This writes directly as bulkhead_owner, and ' +
    'keeps the reason and the database role. The account must exist, with a verified address.',
  options: {
    email: { kind: 'text', placeholder: 'EMAIL', summary: 'the account', required: true },
    reason: { kind: 'text', placeholder: 'TEXT', summary: 'why, 10 to 500 characters', required: true },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead operator promote --email dana@example.com --reason "on call from March, ticket 512"',
      does: 'promote dana',
    },
  ],
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const { email, reason } = values;
    const promoted = await withDatabase(values, terminal, (database) =>
      asOwner(database, (client) => promoteOperator(client, { email, reason })),
    );
    terminal.answer({ json: { ...promoted, email }, text: `${email} is an operator now.` });
    return exit.ok;
  },
});
