/** Builds and packs every package: `npm run bundle -- [folder]`, default `dist/packages`. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packWorkspaces } from './packaging/stage.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder = join('dist', 'packages')] = process.argv.slice(2);
for (const { name, tarball } of await packWorkspaces(root, resolve(root, folder)))
  console.log(`${name}: ${tarball}`);
