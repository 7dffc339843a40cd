import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const keyRotate = defineCommand({
  name: ['key', 'rotate'],
  summary: 'let the next key sign access tokens',
  description:
    'The next key, published in /.well-known/jwks.json since it was made, signs from now on; the present one stays ' +
    'published until its last token has expired, and its private part is destroyed at once. Servers do this by ' +
    'themselves every 30 days (token.keyRotation) and notice a rotation within half a minute.',
  options: {
    compromised: {
      kind: 'flag',
      summary: 'void every token of the present key at once, and do not wait for others to know the next one',
    },
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead key rotate', does: 'rotate ahead of schedule' },
    { line: 'bulkhead key rotate --compromised', does: 'rotate because the key may have leaked' },
  ],
  async run(values, terminal) {
    const [{ withDatabase }, { withSigningKeys }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../identity/withSigningKeys.ts'),
    ]);
    const { compromised } = values;
    const rotated = await withDatabase(values, terminal, (config) =>
      withSigningKeys(config, (keys) => keys.rotate({ compromised, now: compromised })),
    ).catch((error: unknown) => {
      if (errorCode(error) !== 'key_too_fresh' || !(error instanceof Error)) throw error;
      throw new CommandFailure('key_too_fresh', error.message, {
        cause: error,
        hint: 'Wait an hour after the last rotation, or say --compromised if the present key may have leaked.',
      });
    });
    const { current, retired } = rotated;
    terminal.answer({
      json: { ...rotated, compromised },
      text: `Key ${current} signs from now on, not ${retired}.`,
    });
    return exit.ok;
  },
});
