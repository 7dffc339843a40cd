import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const clientList = defineCommand({
  name: ['client', 'list'],
  summary: 'list the applications and back ends of the identity provider',
  description: 'Everything they were registered with; secrets are stored as hashes and cannot be shown.',
  options: { ...databaseOptions },
  examples: [{ line: 'bulkhead client list --json', does: 'as JSON' }],
  async run(values, terminal) {
    const [{ listClients }, { asOwner, withDatabase }] = await Promise.all([
      import('@bulkhead/platform/identity/provider'),
      import('../database/openDatabase.ts'),
    ]);
    const clients = await withDatabase(values, terminal, (config) => asOwner(config, listClients));
    const lines = clients.map(({ id, name, firstParty, resource }) => {
      const kinds = [
        firstParty ? 'first-party' : 'no sign-in',
        ...(resource === undefined ? [] : [resource]),
      ];
      return `${id}  ${name}  ${kinds.join(', ')}`;
    });
    terminal.answer({
      json: { clients },
      text: lines.length === 0 ? 'None is registered.' : lines.join('\n'),
    });
    return exit.ok;
  },
});
