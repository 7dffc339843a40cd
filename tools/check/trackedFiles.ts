import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type TrackedFile = { path: string; text: string };

const binary = /\.(?:png|ico|jpg|woff2?|gz|zip|wasm)$/;

/** Every text file that git tracks or would track, with its content. */
export async function trackedFiles(root: string, matching = /./): Promise<TrackedFile[]> {
  const run = promisify(execFile);
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = new Set(stdout.split('\0').filter((path) => path !== '' && matching.test(path)));
  const texts = [...paths].filter((path) => !binary.test(path) && existsSync(join(root, path)));
  return Promise.all(texts.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

/** `path:line: message` for each match of `pattern` (which needs the flag g). */
export function findings({ path, text }: TrackedFile, pattern: RegExp, message: string): string[] {
  return [...text.matchAll(pattern)].map(({ index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${path}:${line}: ${message}`;
  });
}
