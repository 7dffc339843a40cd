import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';

export const keyList = defineCommand({
  name: ['key', 'list'],
  summary: 'show the keys of access tokens',
  description:
    'One key signs, one comes next, and retired ones verify until their last token has expired. The first call makes ' +
    'them where there are none. Private parts are shown by nothing.',
  options: databaseOptions,
  examples: [{ line: 'bulkhead key list', does: 'show kid, state and times' }],
  async run(values, terminal) {
    const [{ withDatabase }, { withSigningKeys }, { listSigningKeys }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../identity/withSigningKeys.ts'),
      import('@bulkhead/platform/identity/token'),
    ]);
    const found = await withDatabase(values, terminal, (config) => withSigningKeys(config, listSigningKeys));
    const keys = found.map(({ kid, state, createdAt, currentSince, publishedUntil }) => ({
      kid,
      state,
      createdAt: createdAt.toISOString(),
      currentSince: currentSince?.toISOString() ?? null,
      publishedUntil: publishedUntil?.toISOString() ?? null,
    }));
    const lines = keys.map(({ kid, state, createdAt }) => `${kid}  ${state.padEnd(7)}  made ${createdAt}`);
    terminal.answer({ json: { keys }, text: lines.join('\n') });
    return exit.ok;
  },
});
