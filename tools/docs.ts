/** Writes the pages that are generated from the code: docs/cli.md and docs/configuration.md. */
import { writeFile } from 'node:fs/promises';
import { commands } from '../packages/cli/src/commands/index.ts';
import { commandPage } from '../packages/cli/src/pages/commandPage.ts';
import { configurationPage } from '../packages/cli/src/pages/configurationPage.ts';

const docs = new URL('../docs/', import.meta.url);
await writeFile(new URL('cli.md', docs), commandPage(commands));
await writeFile(new URL('configuration.md', docs), configurationPage());
console.log('wrote docs/cli.md and docs/configuration.md');
