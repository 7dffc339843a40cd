import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { digestSources } from './sources.ts';

export type BuiltConsole = {
  /** Folder of static files. */
  readonly dist: string;
  /** False when an earlier build of the same sources was found. */
  readonly built: boolean;
};

const stamp = '.sources';

/** Runs Vite in a process of its own, so that its memory and its faults stay out of the server. */
async function runVite(folder: string, outDir: string, signal?: AbortSignal): Promise<void> {
  const manifest = createRequire(join(folder, 'package.json')).resolve('vite/package.json');
  const vite = join(dirname(manifest), 'bin', 'vite.js');
  const line = [vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'];
  const child = spawn(process.execPath, line, {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(0, 2_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) {
    throw new CommandFailure(
      'console_build_failed',
      `The console could not be built.\n${stripVTControlCharacters(said).trim()}`,
      {
        hint: 'Run: npm run build -w packages/console',
      },
    );
  }
}

/** Puts a new build in the place of the old one; another process may be doing the same. */
async function replace(dist: string, next: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    await rm(dist, { recursive: true, force: true });
    try {
      await rename(next, dist);
      return;
    } catch (error) {
      const code = errorCode(error);
      if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || attempt === 5) throw error;
    }
  }
}

/** Where the console's files are, or will be once it is built; `undefined` where there is no console. */
export function consoleDist(folder: string): string | undefined {
  const dist = join(folder, 'dist');
  return existsSync(join(folder, 'index.html')) || existsSync(join(dist, 'index.html')) ? dist : undefined;
}

/**
 * Builds the console unless its newest build is of these very sources. An interrupted build leaves
 * the earlier one in place.
 *
 * @param folder the console package
 * @returns `undefined` where there are neither sources nor a build to serve.
 * @throws CommandFailure `console_build_failed` with the first lines of what the build said.
 */
export async function buildConsole(
  folder: string,
  options: { readonly progress?: (line: string) => void; readonly signal?: AbortSignal } = {},
): Promise<BuiltConsole | undefined> {
  const dist = join(folder, 'dist');
  if (!existsSync(join(folder, 'index.html'))) {
    return existsSync(join(dist, 'index.html')) ? { dist, built: false } : undefined;
  }
  const digest = await digestSources(folder);
  const last = await readFile(join(dist, stamp), 'utf8').catch(() => '');
  if (last === digest) return { dist, built: false };
  options.progress?.('Building the console (once, then only when its sources change) …');
  const next = join(folder, `dist.${process.pid}`);
  try {
    await runVite(folder, next, options.signal);
    await writeFile(join(next, stamp), digest);
    await replace(dist, next);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  return { dist, built: true };
}
