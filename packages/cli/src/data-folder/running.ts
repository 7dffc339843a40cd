import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../command-line/failure.ts';

/** What a running instance tells other commands about itself. Holds no secret. */
export type Running = {
  readonly pid: number;
  /** Address of the console and the API. */
  readonly url: string;
  readonly database: { readonly host: string; readonly port: number; readonly name: string };
};

const name = 'running.json';

/** Writes the note, whole or not at all. */
export async function noteRunning(folder: string, running: Running): Promise<void> {
  const next = join(folder, `${name}.new`);
  await writeFile(next, `${JSON.stringify(running)}\n`);
  await rename(next, join(folder, name));
}

/** The note of the folder, or `undefined` when there is none. */
export async function readRunning(folder: string): Promise<Running | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, name), 'utf8')) as Running;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes the note. */
export async function forgetRunning(folder: string): Promise<void> {
  await rm(join(folder, name), { force: true });
}
