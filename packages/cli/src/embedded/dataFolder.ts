import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFull, EmbeddedError } from './errors.ts';
import { reaches, type SystemUser } from './systemUser.ts';

/** What Postgres's data folder is called below ours, and how the server process is pointed at it. */
export type Cluster = {
  /** Real path of the Postgres data folder. */
  folder: string;
  /** Value for `-D` of a process started with `folder` as its working directory. */
  argument: string;
  password: string;
};

type Place = { dataFolder: string; user: SystemUser | undefined; major: number };

export function clusterFolder(dataFolder: string): string {
  return join(dataFolder, 'cluster');
}

/**
 * The cluster that `dataFolder` holds, after checking that this process and these binaries can run it; undefined when
 * there is none yet.
 * @throws EmbeddedError data_folder_owner, version_mismatch, password_missing, data_folder_unreachable,
 *   data_folder_unwritable
 */
export async function openCluster(place: Place): Promise<Cluster | undefined> {
  const { dataFolder, major } = place;
  const folder = clusterFolder(dataFolder);
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(
    async (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw (await foreignOwner(dataFolder)) ?? unwritable(dataFolder, cause);
    },
  );
  if (version === undefined) return undefined;
  const foreign = await foreignOwner(folder);
  if (foreign) throw foreign;
  if (Number(version) !== major) {
    throw new EmbeddedError(
      'version_mismatch',
      `${folder} was written by Postgres ${version.trim()} and this is Postgres ${major}: dump it with the old version and restore it into a new folder, or choose another data folder.`,
    );
  }
  const password = await readFile(passwordFile(dataFolder), 'utf8').catch(() => '');
  if (password.trim() === '') {
    throw new EmbeddedError(
      'password_missing',
      `${passwordFile(dataFolder)}, the password of the database in ${folder}, is missing: restore it, or remove ${dataFolder} to begin with an empty database.`,
    );
  }
  return { folder, argument: argumentFor(place, folder), password: password.trim() };
}

/**
 * Creates the cluster with `initdb`, under another name first so that an interrupted attempt leaves nothing behind
 * that looks like a cluster, and the password file (mode 0600) beside it.
 * @throws EmbeddedError disk_full, data_folder_unwritable, or whatever `initdb` throws
 */
export async function createCluster(
  place: Place,
  initdb: (cluster: Cluster) => Promise<void>,
): Promise<Cluster> {
  const { dataFolder, user } = place;
  const folder = clusterFolder(dataFolder);
  const partial = `${folder}.new`;
  const password = randomBytes(24).toString('base64url');
  try {
    await mkdir(dataFolder, { recursive: true, mode: user ? 0o711 : 0o700 });
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { mode: 0o700 });
    if (user) await chown(partial, user.uid, user.gid);
    await initdb({ folder: partial, argument: argumentFor(place, partial), password });
    await writeFile(passwordFile(dataFolder), `${password}\n`, { mode: 0o600 });
    await rename(partial, folder);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    if (cause instanceof EmbeddedError) throw cause;
    throw (await foreignOwner(dataFolder)) ?? unwritable(dataFolder, cause as NodeJS.ErrnoException);
  }
  return { folder, argument: argumentFor(place, folder), password };
}

function passwordFile(dataFolder: string): string {
  return join(dataFolder, 'password');
}

/**
 * A root process must start Postgres as another user, who may have no way into a folder such as /root. On Linux the
 * server is therefore started inside its folder and told to use the working directory, which needs no way in. (Before 16, initdb loses its working directory there.)
 */
function argumentFor({ dataFolder, user, major }: Place, folder: string): string {
  if (user === undefined || reaches(user, dataFolder)) return folder;
  if (process.platform === 'linux' && major >= 16) return '/proc/self/cwd';
  throw new EmbeddedError(
    'data_folder_unreachable',
    `Postgres refuses to run as root, and its unprivileged user cannot reach ${folder}: start as an ordinary user, or choose a data folder outside closed home folders.`,
  );
}

async function foreignOwner(folder: string): Promise<EmbeddedError | undefined> {
  const found = await stat(folder).catch(() => undefined);
  const me = process.getuid?.();
  if (found === undefined || me === undefined) return undefined;
  if (me !== 0 && found.uid !== me) {
    return new EmbeddedError(
      'data_folder_owner',
      `${folder} belongs to another user (id ${found.uid}): start as that user, take it over with "sudo chown -R ${me} ${folder}", or choose another data folder.`,
    );
  }
  if (me === 0 && found.uid === 0 && folder.endsWith('cluster')) {
    return new EmbeddedError(
      'data_folder_owner',
      `${folder} belongs to root, as which Postgres refuses to run: give it to an ordinary user with "chown -R nobody ${folder}".`,
    );
  }
  return undefined;
}

function unwritable(folder: string, cause: NodeJS.ErrnoException): EmbeddedError {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') return diskFull(folder);
  return new EmbeddedError(
    'data_folder_unwritable',
    `The data folder ${folder} cannot be used (${cause.code ?? cause.message}): correct its permissions, or choose another data folder.`,
    { cause },
  );
}
