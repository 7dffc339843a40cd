import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trackedFiles } from '../../tools/check/trackedFiles.ts';
import { violations, type Package } from './arrows.ts';

type Manifest = {
  name: string;
  workspaces?: string[];
  private?: boolean;
} & Partial<
  Record<
    'dependencies' | 'optionalDependencies' | 'peerDependencies' | 'devDependencies',
    Record<string, string>
  >
>;

async function manifest(root: string, folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

export async function workspacePackages(root: string): Promise<Package[]> {
  const { workspaces = [] } = await manifest(root, '.');
  return Promise.all(
    workspaces.map(async (folder) => {
      const found = await manifest(root, folder);
      // The console is bundled: what it needs at build time is all it needs.
      const bundled = found.name === '@bulkhead/console' ? found.devDependencies : {};
      const groups = [found.dependencies, found.optionalDependencies, found.peerDependencies, bundled];
      return {
        name: found.name,
        folder,
        declared: new Set(groups.flatMap((group) => Object.keys(group ?? {}))),
      };
    }),
  );
}

/** Every violation in the repository. */
export async function architectureProblems(root: string): Promise<string[]> {
  const packages = await workspacePackages(root);
  const sources = await trackedFiles(root, /^(?:packages|apps)\/.*\.(?:ts|tsx)$/);
  return sources.flatMap((source) => violations(source, packages));
}
