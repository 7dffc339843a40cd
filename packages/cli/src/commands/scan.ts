import { defineCommand } from '../command-line/command.ts';
import { proverExits, scanOptions } from '../prover/options.ts';

export const scan = defineCommand({
  name: ['scan'],
  summary: 'find holes in the tenant isolation of any Postgres database',
  description:
    'Reads the catalog in one read-only snapshot, parses policies, views and functions with the parser of Postgres ' +
    'itself, works out how tenants are told apart, and runs every rule. Nothing is installed or changed, and no row is ' +
    'read. Any role that may connect will do; what its rights hide is counted as not seen. PGPASSWORD or ~/.pgpass let ' +
    'it in. See docs/prove.md.',
  argument: 'database',
  options: scanOptions,
  examples: [
    {
      line: 'bulkhead scan postgres://postgres@db.example/app',
      does: 'scan, inferring how tenants are told apart',
    },
    {
      line: 'bulkhead scan --preset supabase --report scan.html --report scan.sarif',
      does: 'scan the database in DATABASE_URL and keep two reports',
    },
    {
      line: 'bulkhead scan --baseline known.json --fail-on high --json',
      does: 'in a pipeline: fail on what is new and grave',
    },
  ],
  exits: proverExits,
  async run(values, terminal) {
    const { scanDatabase } = await import('../prover/scanDatabase.ts');
    return scanDatabase(values, terminal);
  },
});
