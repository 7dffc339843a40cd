import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const tenantList = defineCommand({
  name: ['tenant', 'list'],
  summary: 'list the tenants with their ids, which other commands take',
  description: 'Tenants that somebody is a member of, by name, with how many members and companies each has.',
  options: {
    name: { kind: 'text', placeholder: 'TEXT', summary: 'only those whose name holds this, in any case' },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead tenant list --name acme', does: 'the id of Acme Ltd' }],
  async run({ name, ...values }, terminal) {
    const [{ listTenants }, { withDatabase }] = await Promise.all([
      import('../identity/tenants.ts'),
      import('../database/openDatabase.ts'),
    ]);
    const tenants = await withDatabase(values, terminal, (config) => listTenants(config, name));
    const lines = tenants.map(
      ({ id, name: called, members, companies }) =>
        `${id}  ${called}  members: ${members}, companies: ${companies}`,
    );
    terminal.answer({ json: { tenants }, text: lines.length === 0 ? 'There is none.' : lines.join('\n') });
    return exit.ok;
  },
});
