import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandFailure, errorCode } from '../command-line/failure.ts';

/** Sixty-four hexadecimal digits of fresh randomness (256 bits). */
export function randomSecret(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Reads a secret from its file, without its final line break.
 *
 * @throws CommandFailure when the file is missing, empty, or readable by others.
 */
export async function readSecret(file: string): Promise<string> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new CommandFailure('secret_exposed', `${file} can be read by other users.`, {
        hint: `chmod 600 ${file}, and replace the secret if others may have seen it.`,
      });
    }
    text = (await readFile(file, 'utf8')).trimEnd();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new CommandFailure('secret_missing', `There is no file ${file}.`, { cause: error });
  }
  if (text === '') throw new CommandFailure('secret_empty', `${file} is empty.`);
  return text;
}

async function create(file: string, secret: string): Promise<void> {
  const whole = `${file}.${randomBytes(4).toString('hex')}`;
  const handle = await open(whole, 'wx', 0o600);
  try {
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
    await link(whole, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(whole, { force: true });
  }
}

/**
 * Reads a secret, or makes it where there is none: a file that its owner alone can read.
 * The content reaches the disk before the call returns.
 */
export async function keepSecret(file: string, make: () => string = randomSecret): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) await create(file, make());
  return readSecret(file);
}
