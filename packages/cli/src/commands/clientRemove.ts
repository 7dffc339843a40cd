import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const clientRemove = defineCommand({
  name: ['client', 'remove'],
  summary: 'remove an application or back end from the identity provider',
  description:
    'Nobody signs in to it any more, and its refresh tokens and secrets are refused from now on. Access tokens it ' +
    'holds live out their five minutes where a back end verifies them by itself. The id stays taken.',
  options: {
    id: { kind: 'text', placeholder: 'ID', summary: 'which application', required: true },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead client remove --id shop', does: 'remove the shop' }],
  async run(values, terminal) {
    const [{ removeClient }, { asOwner, withDatabase }, { registering }] = await Promise.all([
      import('@bulkhead/platform/identity/provider'),
      import('../database/openDatabase.ts'),
      import('../identity/registering.ts'),
    ]);
    const { id } = values;
    await withDatabase(values, terminal, (config) =>
      asOwner(config, (client) => registering((registrar) => removeClient(registrar, id), client)),
    );
    terminal.answer({ json: { removed: id }, text: `${id} is removed.` });
    return exit.ok;
  },
});
