import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { claim, ClaimedError, type Claim } from './claim.ts';

/** Where everything of one local instance lives. */
export type DataFolder = {
  readonly path: string;
  /** The embedded Postgres' own folder. */
  readonly postgres: string;
  /** Secret files, one secret each, readable by the owner alone. */
  readonly secrets: string;
  /** True when this call made it. */
  readonly fresh: boolean;
  /** Lets another process use the folder. */
  release(): Promise<void>;
};

const marker = 'bulkhead.json';
const format = 1;

function owner(): number | undefined {
  return process.getuid?.();
}

async function refuseStranger(path: string): Promise<void> {
  const { uid } = await stat(path);
  const self = owner();
  if (self !== undefined && uid !== self) {
    throw new CommandFailure(
      'data_folder_not_yours',
      `The data folder ${path} belongs to user ${uid}; this process runs as user ${self}.`,
      { hint: `Run as user ${uid}, or name a folder of your own with --data DIR.` },
    );
  }
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
}

async function readMarker(path: string): Promise<'ours' | 'empty' | 'foreign'> {
  const names = await readdir(path);
  if (!names.includes(marker)) return names.length === 0 ? 'empty' : 'foreign';
  let found: unknown;
  try {
    found = JSON.parse(await readFile(join(path, marker), 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof found !== 'object' || found === null || !('format' in found)) return 'foreign';
  if (found.format === format) return 'ours';
  throw new CommandFailure(
    'data_folder_other_version',
    `The data folder ${path} was made by another version of Bulkhead.`,
    { hint: 'Run that version, or name another folder with --data DIR.' },
  );
}

function refuseForeign(path: string): never {
  throw new CommandFailure(
    'data_folder_foreign',
    `${path} holds files, but it is no Bulkhead data folder. Nothing in it was touched.`,
    { hint: 'Name an empty or new folder with --data DIR.' },
  );
}

/** Turns an error of the file system into a sentence; returns others unchanged. */
export function explainFileError(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CommandFailure('disk_full', `The disk that holds ${path} is full.`, {
      hint: 'Free some space (about 200 MB are needed), or name another folder with --data DIR.',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new CommandFailure('data_folder_not_writable', `${path} cannot be written to.`, {
      hint: 'Change its permissions, or name another folder with --data DIR.',
      cause: error,
    });
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new CommandFailure('data_folder_not_a_folder', `${path} is not a folder.`, {
      hint: 'Name a folder with --data DIR.',
      cause: error,
    });
  }
  return error;
}

async function hold(path: string): Promise<Claim> {
  try {
    return await claim(join(path, 'claim'));
  } catch (error) {
    if (!(error instanceof ClaimedError)) throw error;
    throw new CommandFailure(
      'data_folder_in_use',
      `Another Bulkhead (process ${error.pid}) is using the data folder ${path}.`,
      { hint: 'Stop that one first, or name another folder with --data DIR.', cause: error },
    );
  }
}

async function layOut(path: string, clock: () => Date): Promise<void> {
  const made = { format, made: clock().toISOString() };
  await writeFile(join(path, marker), `${JSON.stringify(made)}\n`, { flag: 'wx' });
}

type Opening = { readonly reset: boolean; readonly mustExist: boolean; readonly clock: () => Date };

async function open(path: string, options: Opening): Promise<DataFolder> {
  if (options.mustExist && !existsSync(join(path, marker))) {
    throw new CommandFailure('data_folder_missing', `There is no Bulkhead data folder at ${path}.`, {
      hint: 'Start once with: bulkhead up. Or name the folder with --data DIR.',
    });
  }
  // Others may pass through but not look: an embedded Postgres under root runs as another user.
  await mkdir(path, { recursive: true, mode: 0o711 });
  await refuseStranger(path);
  let state = await readMarker(path);
  if (state === 'foreign') refuseForeign(path);
  if (state === 'empty') await layOut(path, options.clock);
  const held = await hold(path);
  try {
    if (state === 'ours' && options.reset) {
      for (const name of ['postgres', 'secrets', 'demo.json', 'running.json']) {
        await rm(join(path, name), { recursive: true, force: true });
      }
      state = 'empty';
    }
    await mkdir(join(path, 'secrets'), { recursive: true, mode: 0o700 });
  } catch (error) {
    await held.release();
    throw error;
  }
  return {
    path,
    postgres: join(path, 'postgres'),
    secrets: join(path, 'secrets'),
    fresh: state === 'empty',
    release: () => held.release(),
  };
}

/**
 * Makes or opens a data folder and claims it for this process.
 *
 * @param path absolute
 * @param options `reset` removes what an earlier run left in it, after the claim is held; `mustExist` makes none.
 * @throws CommandFailure when it belongs to another user, is in use, is no data folder, cannot be
 * written to, or the disk is full. Nothing in a folder that is not ours is touched.
 */
export async function openDataFolder(path: string, options: Partial<Opening> = {}): Promise<DataFolder> {
  try {
    return await open(path, {
      reset: options.reset ?? false,
      mustExist: options.mustExist ?? false,
      clock: options.clock ?? (() => new Date()),
    });
  } catch (error) {
    throw explainFileError(error, path);
  }
}
