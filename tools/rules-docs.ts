/** Writes docs/rules from the scan's rules and their fixtures. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { rulePages } from './rules-docs/pages.ts';

const folder = new URL('../docs/rules/', import.meta.url);
await mkdir(folder, { recursive: true });
const pages = await rulePages();
for (const name of await readdir(folder)) if (!pages.has(name)) await rm(new URL(name, folder));
for (const [name, text] of pages) await writeFile(new URL(name, folder), text);
console.log(`wrote ${pages.size} pages to docs/rules`);
