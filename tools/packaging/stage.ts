import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildConsole } from '../../packages/cli/src/console/build.ts';
import { builtPath, publishedManifest, type Manifest } from './manifest.ts';

export type Packed = { name: string; tarball: string };

/** Of a package's folder, what is no part of the published package. */
const unpublished =
  /^(?:node_modules|src|test|dist.*|build|public|index\.html|vite\.config\.ts|tsconfig.*\.json|package\.json)$/;

/** Builds every workspace package and packs it below `out`. @throws Error with the output of the tool that failed */
export async function packWorkspaces(root: string, out: string): Promise<Packed[]> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const built = join(out, 'built');
  run(root, join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', built]);
  await buildConsole(join(root, 'packages/console'));
  const { workspaces = [] } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    workspaces?: string[];
  };
  const packed: Packed[] = [];
  for (const folder of workspaces) packed.push(await packOne({ root, folder, out, built }));
  await rm(built, { recursive: true });
  return packed;
}

type Source = { root: string; folder: string; out: string; built: string };

async function packOne({ root, folder, out, built }: Source): Promise<Packed> {
  const source = join(root, folder);
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Manifest;
  const stage = join(out, 'stage', manifest.name);
  await mkdir(stage, { recursive: true });
  for (const entry of await readdir(source)) {
    if (!unpublished.test(entry)) await cp(join(source, entry), join(stage, entry), { recursive: true });
  }
  if (existsSync(join(source, 'index.html'))) await copyAssets(join(source, 'dist'), join(stage, 'dist'));
  await copyAssets(join(source, 'src'), join(stage, 'dist'), /\.tsx?$/);
  await cp(join(built, folder, 'src'), join(stage, 'dist'), { recursive: true });
  await cp(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  await writeFile(join(stage, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  for (const command of Object.values(manifest.bin ?? {}))
    await chmod(join(stage, builtPath(command)), 0o755);
  const answer = run(stage, 'npm', ['pack', '--json', '--loglevel=error', '--pack-destination', out]);
  return { name: manifest.name, tarball: join(out, tarballName(answer)) };
}

/** What a package needs besides its compiled sources; the console's sources are in its bundle. */
async function copyAssets(from: string, to: string, except?: RegExp): Promise<void> {
  if (from.endsWith('console/src')) return;
  await cp(from, to, {
    recursive: true,
    filter: (path) => except?.test(path) !== true && !path.endsWith('.sources'),
  });
}

function tarballName(answer: string): string {
  // npm 11 lists the packages; older ones may wrap the list in an object by name.
  const parsed = JSON.parse(answer) as { filename: string }[] | Record<string, { filename: string }>;
  const [first] = Object.values(parsed) as { filename: string }[];
  if (!first) throw new Error(`npm pack did not name a tarball: ${answer}`);
  return first.filename;
}

function run(cwd: string, program: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
}
