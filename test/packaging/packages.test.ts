import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packWorkspaces, type Packed } from '../../tools/packaging/stage.ts';
import type { Manifest } from '../../tools/packaging/manifest.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';
let project = '';
let packed: Packed[] = [];

const run = (program: string, args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
};

const installed = async (name: string) =>
  JSON.parse(await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;

/** The pieces of every package that a program may import: `@bulkhead/kernel`, `@bulkhead/platform/errors` … */
const specifiers = async () => {
  const manifests = await Promise.all(packed.map(({ name }) => installed(name)));
  return manifests.flatMap(({ name, exports = {} }) =>
    Object.keys(exports).map((path) => `${name}${path.slice(1)}`),
  );
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-packages-'));
  project = join(folder, 'project');
  await mkdir(project);
  packed = await packWorkspaces(root, join(folder, 'packed'));
  await writeFile(join(project, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  const tarballs = packed.map(({ tarball }) => tarball);
  run('npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    'pg@8.23.1',
    ...tarballs,
  ]);
});

after(() => rm(folder, { recursive: true, force: true }));

test('no source, test or development dependency is published', async () => {
  for (const { name, tarball } of packed) {
    const files = run('tar', ['-tzf', tarball]).split('\n');
    const unwanted = files.filter((file) => /\/src\/|\.test\.|\/node_modules\/|(?<!\.d)\.tsx?$/.test(file));
    assert.deepEqual(unwanted, [], name);
    assert.ok(files.includes('package/LICENSE'), name);
    assert.equal((await installed(name)).devDependencies, undefined, name);
  }
});

test('every export of every package loads in an empty project', async () => {
  const all = await specifiers();
  assert.ok(all.length >= packed.length);
  const script = all.map((specifier) => `await import('${specifier}');`).join('\n');
  await writeFile(join(project, 'load.js'), script);
  run(process.execPath, ['load.js']);
});

test('the kernel seals and opens a context', async () => {
  const script = `
    import { ContextSealer, openContext, kernelLine, readMigrations } from '@bulkhead/kernel';
    const key = { id: '0badc0de', secret: new Uint8Array(32).fill(7) };
    const tenant = '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11';
    const token = new ContextSealer({ key }).seal({ tenant, actor: { kind: 'service', id: tenant } });
    const files = await readMigrations(kernelLine.folder);
    console.log(openContext(token, { keys: [key] }).tenant === tenant, files.length > 0);
  `;
  await writeFile(join(project, 'seal.js'), script);
  assert.equal(run(process.execPath, ['seal.js']).trim(), 'true true');
});

test('the bulkhead command answers', () => {
  assert.match(run(process.execPath, ['node_modules/.bin/bulkhead', '--help']), /bulkhead/);
});

test('the declarations are complete: a typed program compiles against them', async () => {
  const all = await specifiers();
  const imports = all.map((specifier, index) => `import type * as m${index} from '${specifier}';`);
  const uses = all.map((_, index) => `export type T${index} = keyof typeof m${index};`);
  const program = `
    import { openContext } from '@bulkhead/kernel';
    // @ts-expect-error a tenant is text, not a number
    export const wrong: number = openContext('token', { keys: [] }).tenant;
  `;
  await writeFile(join(project, 'program.ts'), [...imports, ...uses, program].join('\n'));
  await symlink(join(root, 'node_modules/@types'), join(project, 'node_modules/@types')).catch(
    () => undefined,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--skipLibCheck',
    '--types',
    'node',
  ];
  run(join(root, 'node_modules/.bin/tsc'), [...options, 'program.ts']);
});
