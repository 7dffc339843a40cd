import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { mountProvider } from '../../src/provider/mount.ts';

/** One change to one file of `src/provider/`; `from` occurs there exactly once. */
export type Mutation = { file: string; from: string; to: string };

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** Runs `work` with the provider of a copy of this package's sources in which one thing is changed. */
export async function withMutant(
  { file, from, to }: Mutation,
  work: (mount: typeof mountProvider) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-mutant-'));
  try {
    await cp(source, join(folder, 'src'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    await symlink(modules, join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const path = join(folder, 'src', 'provider', file);
    const text = await readFile(path, 'utf8');
    const found = text.split(from).length - 1;
    if (found !== 1) throw new Error(`${file}: expected the text once, found it ${found} times: ${from}`);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
    const entry = pathToFileURL(join(folder, 'src', 'provider', 'mount.ts')).href;
    const { mountProvider: mount } = (await import(entry)) as { mountProvider: typeof mountProvider };
    await work(mount);
  } finally {
    await rm(folder, { recursive: true });
  }
}
