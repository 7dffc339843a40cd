import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

/** Something that stands open, and how to close it. */
export type Finding = {
  readonly kind: 'table' | 'role' | 'function';
  readonly name: string;
  readonly problem: string;
  readonly fix: string;
};

type Queries = { query(text: string): Promise<{ rows: Record<string, unknown>[] }> };

const questions = `
  select 'table' as kind, table_name as name, problem, fix from bulkhead.unprotected_tables()
  union all select 'role', role_name, problem, fix from bulkhead.unsafe_roles()
  union all select 'function', function_name, problem, fix from bulkhead.unsafe_functions()
  order by 1, 2, 3`;

/**
 * Asks the kernel what stands open. An empty list is good.
 *
 * @throws CommandFailure when the database has no kernel
 */
export async function findOpenings(client: Queries): Promise<Finding[]> {
  try {
    const { rows } = await client.query(questions);
    return rows.map(({ kind, name, problem, fix }) => ({
      kind: kind === 'role' || kind === 'function' ? kind : 'table',
      name: String(name),
      problem: String(problem),
      fix: String(fix),
    }));
  } catch (error) {
    // Undefined schema or function.
    if (errorCode(error) !== '3F000' && errorCode(error) !== '42883') throw error;
    throw new CommandFailure('kernel_missing', 'This database has no Bulkhead kernel.', {
      hint: 'Run: bulkhead migrate',
      cause: error,
    });
  }
}

function describe(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing stands open: every table is protected, every role is narrow.';
  const lines = findings.map(({ kind, name, problem, fix }) => `${kind} ${name}: ${problem}\n    ${fix}`);
  return [...lines, `${findings.length} to close; the server does not start before.`].join('\n');
}

export const check = defineCommand({
  name: ['check'],
  summary: 'list unprotected tables, unsafe roles and unsafe functions',
  description:
    'Reads the catalog as it is now. Each finding comes with the statement that closes it. The server refuses to ' +
    'start while there is one, and so can a pipeline.',
  options: databaseOptions,
  examples: [
    { line: 'bulkhead check', does: 'check the data folder’s own database' },
    {
      line: 'bulkhead check --database postgres://db.internal/app --json',
      does: 'check another, for a pipeline',
    },
  ],
  no: 'something stands open',
  async run(values, terminal) {
    const { asOwner, withDatabase } = await import('../database/openDatabase.ts');
    const findings = await withDatabase(values, terminal, (database) => asOwner(database, findOpenings));
    terminal.answer({ json: { ok: findings.length === 0, findings }, text: describe(findings) });
    return findings.length === 0 ? exit.ok : exit.no;
  },
});
