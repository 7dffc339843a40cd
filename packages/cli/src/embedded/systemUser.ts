import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EmbeddedError } from './errors.ts';

export type SystemUser = { uid: number; gid: number };

/**
 * The user to run Postgres as: nothing when this process is not root; otherwise (Postgres refuses root) the owner of
 * an existing cluster, else the system's `postgres`, else `nobody`.
 * @throws EmbeddedError user_missing
 */
export function unprivilegedUser(clusterFolder: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = statSync(clusterFolder, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const found = lookUp('postgres') ?? lookUp('nobody');
  if (found) return found;
  throw new EmbeddedError(
    'user_missing',
    'Postgres refuses to run as root and this system has no user "postgres" or "nobody": start as an ordinary user.',
  );
}

function lookUp(name: string): SystemUser | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether `user` may enter `folder` and every folder above it, by mode bits alone. */
export function reaches(user: SystemUser, folder: string): boolean {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
