/** Writes the pages that are generated from the code: docs/cli.md. */
import { writeFile } from 'node:fs/promises';
import { reference } from '../packages/cli/src/command-line/reference.ts';
import { commands } from '../packages/cli/src/commands/index.ts';

await writeFile(new URL('../docs/cli.md', import.meta.url), reference(commands));
console.log('wrote docs/cli.md');
