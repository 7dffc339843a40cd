import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const contextRetire = defineCommand({
  name: ['context', 'retire'],
  summary: 'refuse the contexts of a key from now on',
  description:
    'The database refuses every token that was sealed with the key, at once. Retire a key once nothing seals with ' +
    'it any more, or straight away when it may have leaked. The present key is refused: rotate it first.',
  options: {
    'key-id': { kind: 'text', placeholder: 'ID', summary: 'the key, 8 hex digits', required: true },
    ...databaseOptions,
  },
  examples: [{ line: 'bulkhead context retire --key-id 3f9a01bc', does: 'refuse that key’s tokens' }],
  async run(values, terminal) {
    const keyId = values['key-id'];
    if (!/^[0-9a-f]{8}$/.test(keyId)) throw usageFailure('A key id is 8 lower-case hex digits.');
    const [{ asOwner, withDatabase }, { retireContextKey }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../context/rotate.ts'),
    ]);
    await withDatabase(values, terminal, async (config) => {
      if (config.context.keyId === keyId) {
        throw new CommandFailure('key_in_use', `Contexts are sealed with key ${keyId}.`, {
          hint: 'Rotate it first: bulkhead context rotate',
        });
      }
      await asOwner(config, (client) => retireContextKey(client, keyId));
    });
    terminal.answer({
      json: { keyId, retired: true },
      text: `Tokens of key ${keyId} are refused from now on.`,
    });
    return exit.ok;
  },
});
