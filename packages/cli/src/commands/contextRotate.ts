import { join, resolve } from 'node:path';
import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const contextRotate = defineCommand({
  name: ['context', 'rotate'],
  summary: 'replace the key that seals contexts',
  description:
    'Registers a fresh key with the database and puts it in the place of the data folder’s present one, which is kept ' +
    'beside it. The database accepts both, so nothing is interrupted: restart what serves, then retire the old key. ' +
    'Where the key is configured (BULKHEAD_CONTEXT_KEY_FILE), change it there, with its id, and run bulkhead migrate, ' +
    'which registers it.',
  options: databaseOptions,
  examples: [{ line: 'bulkhead context rotate', does: 'replace the key of the data folder' }],
  async run(values, terminal) {
    const configured = ['BULKHEAD_CONTEXT_KEY', 'BULKHEAD_CONTEXT_KEY_FILE', 'BULKHEAD_CONFIG'].find(
      (name) => terminal.env[name],
    );
    if (configured !== undefined) {
      throw new CommandFailure('key_configured', `The key is not the data folder’s: ${configured} is set.`, {
        hint: 'Change the key and its id where they are configured, run bulkhead migrate, and restart.',
      });
    }
    const [{ asOwner, withDatabase }, { rotateContextKey }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../context/rotate.ts'),
    ]);
    const file = join(resolve(terminal.folder, values.data), 'secrets', 'context-key');
    const rotated = await withDatabase(values, terminal, (config) =>
      asOwner(config, (client) => rotateContextKey(client, file)),
    );
    const { keyId, previousKeyId } = rotated;
    const next = `Restart what serves, then: bulkhead context retire --key-id ${previousKeyId}`;
    terminal.answer({
      json: rotated,
      text: `Contexts are sealed with key ${keyId} from the next start on. ${next}`,
    });
    return exit.ok;
  },
});
