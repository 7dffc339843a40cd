import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const unread = new Set(['dist', 'node_modules', 'test']);

function isRead(name: string): boolean {
  return !unread.has(name) && !name.startsWith('dist') && !name.startsWith('.');
}

/** Files of the console package that its build reads, sorted; test files are left out. */
async function sourceFiles(folder: string): Promise<string[]> {
  const top = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => isRead(name));
  const within = await Promise.all(
    top
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => readdir(join(folder, name), { withFileTypes: true, recursive: true })),
  );
  return [...top, ...within.flat()]
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/**
 * One digest of everything the console's build reads. Content, not dates: a fresh checkout of the
 * same sources needs no new build, an older file put back does.
 */
export async function digestSources(folder: string): Promise<string> {
  const files = await sourceFiles(folder);
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const digest = createHash('sha256');
  for (const [index, file] of files.entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    digest.update(`${relative(folder, file)}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}
