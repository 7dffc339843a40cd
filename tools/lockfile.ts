/** Completes package-lock.json after a change of dependencies; see lockfile/platforms.ts for what npm leaves out. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { completed, missingOptional, type Lockfile } from './lockfile/platforms.ts';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lockfile = JSON.parse(await readFile(path, 'utf8')) as Lockfile;
const missing = missingOptional(lockfile);
if (missing.length > 0) await writeFile(path, `${JSON.stringify(completed(lockfile), null, 2)}\n`);
console.log(`package-lock.json: ${missing.length} entries added`);
