import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chainOf } from './key.ts';

/** A checkpoint on its way to a place outside the database. */
export type Anchored = { readonly origin: string; readonly size: number; readonly note: string };

/** Proves that the checkpoint's tree continues the one of `old` leaves. */
export type ConsistencyProver = (old: number) => Promise<Buffer[]>;

/** Somewhere outside the database that keeps checkpoints, so that a rewriting of the database shows. */
export type Anchor = {
  /** For reports and logs, e.g. `directory /var/lib/bulkhead/anchors`. */
  readonly name: string;
  /** The latest note it holds for the origin, where it can tell. */
  readonly latest?: (origin: string) => Promise<string | undefined>;
  /** @returns signature lines to add to the note; empty for one that only keeps it */
  readonly publish: (anchored: Anchored, prove: ConsistencyProver) => Promise<string>;
};

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes a file that appears whole or not at all, and stays: on the disk before this returns, never written over. */
export async function keepFile(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const whole = join(folder, `.${name}.${randomBytes(4).toString('hex')}`);
  const handle = await open(whole, 'wx', 0o644);
  try {
    await handle.writeFile(content);
    await handle.sync();
    await link(whole, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(whole, { force: true });
  }
  await syncFolder(folder);
}

/** File name of a checkpoint: sorts by size. */
export function noteName(size: number): string {
  return `${String(size).padStart(16, '0')}.note`;
}

/** `<path>/<tenant>/<size>.note`. Best on a disk, or under an account, that the database's administrator cannot write to. */
export function directoryAnchor(path: string): Anchor {
  const folderOf = (origin: string): string => {
    const chain = chainOf(origin);
    if (chain === undefined) throw new Error(`${origin} names no chain`);
    return join(path, chain);
  };
  return {
    name: `directory ${path}`,
    async latest(origin) {
      try {
        const names = (await readdir(folderOf(origin))).filter((name) => /^\d{16}\.note$/.test(name));
        const newest = names.toSorted().at(-1);
        return newest === undefined ? undefined : await readFile(join(folderOf(origin), newest), 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async publish({ origin, size, note }) {
      await keepFile(folderOf(origin), noteName(size), note);
      return '';
    },
  };
}
