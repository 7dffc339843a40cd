import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a secret's file is, without what is in it. */
export type SecretFile = {
  /** Permission bits, e.g. `0o600`. */
  mode: number;
  /** Owner's user id. */
  owner: number;
  /** When its content last changed. */
  changedAt: Date;
  /** Why the server refuses it; `undefined`: it does not. */
  refusal: string | undefined;
  /** What is accepted and could be better. */
  warning: string | undefined;
};

/** Looks at a secret's file. @throws when there is none */
export type InspectSecretFile = (path: string) => Promise<SecretFile>;

/** Where container engines mount secrets; only root makes anything there. */
const mounts = ['/run/secrets/', '/var/run/secrets/'];

type Seen = { mode: number; owner: number; isFile: boolean; folderMode: number; resolved: string };

/**
 * Judges a file by who may read and who may replace it.
 *
 * A container engine's own mount is the one place where a file may be readable by all: Docker fixes mode 0444 and owner
 * root there, and in the container there is nobody else. docs/design/secrets.md has the reasons.
 *
 * @param uid of this process
 */
export function judgeSecretFile(seen: Seen, uid: number): Pick<SecretFile, 'refusal' | 'warning'> {
  const { mode, owner, isFile, folderMode, resolved } = seen;
  const refuse = (refusal: string) => ({ refusal, warning: undefined });
  if (!isFile) return refuse('is no regular file');
  if ((mode & 0o002) !== 0)
    return refuse('can be written by everybody: chmod o-rwx it, and replace the secret');
  if ((folderMode & 0o1002) === 0o002) {
    return refuse(
      'lies in a folder that everybody may write to, so anybody can replace it: chmod o-w the folder',
    );
  }
  if ((mode & 0o004) !== 0) {
    const mounted = owner === 0 && (mode & 0o020) === 0 && mounts.some((mount) => resolved.startsWith(mount));
    if (!mounted) {
      return refuse(
        'can be read by everybody: chmod 600 it (in Kubernetes: defaultMode 0400, with fsGroup), and replace the secret if others may have seen it',
      );
    }
    return { refusal: undefined, warning: 'can be read by everything in this container' };
  }
  if ((mode & 0o020) !== 0) return { refusal: undefined, warning: 'can be written by its group' };
  if (owner !== 0 && owner !== uid) {
    return { refusal: undefined, warning: 'belongs to another user, who can replace it' };
  }
  return { refusal: undefined, warning: undefined };
}

/** Looks at a file on disk. Where files have no owners (Windows), nothing is refused. */
export async function inspectSecretFile(path: string): Promise<SecretFile> {
  const resolved = await realpath(path);
  const [file, folder] = await Promise.all([stat(resolved), stat(dirname(resolved))]);
  const uid = process.getuid?.();
  const seen = {
    mode: file.mode & 0o7777,
    owner: file.uid,
    isFile: file.isFile(),
    folderMode: folder.mode & 0o7777,
    resolved,
  };
  const verdict = uid === undefined ? { refusal: undefined, warning: undefined } : judgeSecretFile(seen, uid);
  return { mode: seen.mode, owner: seen.owner, changedAt: file.mtime, ...verdict };
}
