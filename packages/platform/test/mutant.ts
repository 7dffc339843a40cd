import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** One change to one file of `src/`. */
export type Mutation = {
  /** Relative to `src/`, e.g. `outbound/address.ts`. */
  file: string;
  /** Text that occurs there exactly once. */
  from: string;
  to: string;
};

const source = fileURLToPath(new URL('../src/', import.meta.url));
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/**
 * Runs `work` on a copy of this package's sources in which one thing is changed: a control that is taken out there must
 * let its attack through. Throws when the text to be changed is not there exactly once, so that no mutation outlives
 * the code it was written for.
 */
export async function withMutant<Exports, Result>(
  { file, from, to }: Mutation,
  entry: string,
  work: (exports: Exports) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-mutant-'));
  try {
    await cp(source, join(folder, 'src'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    await symlink(modules, join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const path = join(folder, 'src', file);
    const text = await readFile(path, 'utf8');
    const found = text.split(from).length - 1;
    if (found !== 1) throw new Error(`${file}: expected the text once, found it ${found} times: ${from}`);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
    return await work((await import(pathToFileURL(join(folder, 'src', entry)).href)) as Exports);
  } finally {
    await rm(folder, { recursive: true });
  }
}
