import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const clientRotateSecret = defineCommand({
  name: ['client', 'rotate-secret'],
  summary: 'give an application a new secret',
  description:
    'Prints the new secret this once. The one before works until the overlap has passed, so that the application can ' +
    'be changed without an outage; older ones end at once. After a leak, use --overlap 0.',
  options: {
    id: { kind: 'text', placeholder: 'ID', summary: 'which application', required: true },
    overlap: {
      kind: 'number',
      placeholder: 'HOURS',
      summary: 'hours for which the old secret still works',
      range: [0, 720],
      default: 24,
    },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead client rotate-secret --id shop --overlap 0', does: 'ends the old one now' }],
  async run(values, terminal) {
    const [{ rotateClientSecret }, { asOwner, withDatabase }, { registering }] = await Promise.all([
      import('@bulkhead/platform/identity/provider'),
      import('../database/openDatabase.ts'),
      import('../identity/registering.ts'),
    ]);
    const { id, overlap } = values;
    const rotation = { id, overlap: overlap * 3_600_000 };
    const { secret } = await withDatabase(values, terminal, (config) =>
      asOwner(config, (client) =>
        registering(
          ({ randomBytes, ...registrar }) => rotateClientSecret(registrar, rotation, randomBytes),
          client,
        ),
      ),
    );
    terminal.answer({
      json: { client: id, secret },
      text: `The new secret of ${id}, shown this once: ${secret}`,
    });
    return exit.ok;
  },
});
