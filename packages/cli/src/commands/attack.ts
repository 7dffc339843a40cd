import { defineCommand } from '../command-line/command.ts';
import { attackOptions, proverExits } from '../prover/options.ts';

export const attack = defineCommand({
  name: ['attack'],
  summary: 'try to break the tenant isolation of any Postgres database',
  description:
    'Scans, then takes the application’s role and one tenant’s identity and tries to read, count, write, move, delete, ' +
    'refer to and infer another tenant’s rows, table by table. Every attempt is refused, leaks (with a script that shows ' +
    'it in psql) or comes to no conclusion (with the reason). All of it happens in transactions that are rolled back: ' +
    'nothing is installed, changed or left behind, but sequences may skip numbers. Connect as the application does, or ' +
    'as a role that may take its place. See docs/prove.md.',
  argument: 'database',
  options: attackOptions,
  examples: [
    {
      line: 'bulkhead attack postgres://postgres@db.example/app --role authenticated --report attack.html',
      does: 'attack as authenticated and keep the report',
    },
    {
      line: 'bulkhead attack --setting app.tenant_id:uuid --tenant-column tenant_id --role app',
      does: 'attack the database in DATABASE_URL, saying how tenants are told apart',
    },
    { line: 'bulkhead attack --data .bulkhead', does: 'attack Bulkhead’s own database' },
  ],
  exits: proverExits,
  async run(values, terminal) {
    const { attackDatabase } = await import('../prover/attackDatabase.ts');
    return attackDatabase(values, terminal);
  },
});
