/** Writes the pages that are generated from the code: docs/cli.md, docs/configuration.md, docs/asvs.md,
 * docs/verify-audit.mjs. */
import { writeFile } from 'node:fs/promises';
import { commands } from '../packages/cli/src/commands/index.ts';
import { commandPage } from '../packages/cli/src/pages/commandPage.ts';
import { configurationPage } from '../packages/cli/src/pages/configurationPage.ts';
import { asvsPage, readAsvs } from './asvs.ts';
import { verifyAuditFile } from './verifyAudit.ts';

const docs = new URL('../docs/', import.meta.url);
await writeFile(new URL('cli.md', docs), commandPage(commands));
await writeFile(new URL('configuration.md', docs), configurationPage());
await writeFile(new URL('asvs.md', docs), asvsPage(await readAsvs(new URL('../', import.meta.url))));
await writeFile(new URL('verify-audit.mjs', docs), await verifyAuditFile());
console.log('wrote docs/cli.md, docs/configuration.md, docs/asvs.md and docs/verify-audit.mjs');
