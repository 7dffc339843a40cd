import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { EmbeddedError, startEmbedded, type Embedded, type EmbeddedOptions } from './index.ts';

const isRoot = process.getuid?.() === 0;
let folder = '';
let dataFolder = '';
const running = new Set<Embedded>();

const start = async (options: Partial<EmbeddedOptions> & { dataFolder: string }) => {
  const server = await startEmbedded({ onLog: () => {}, settings: { fsync: 'off' }, ...options });
  running.add(server);
  return server;
};

const answer = async ({ adminConnection }: Embedded, query: string): Promise<unknown> => {
  const client = new pg.Client(adminConnection);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query)).rows[0]?.['answer'];
  } finally {
    await client.end();
  }
};

const failsWith = (code: EmbeddedError['code'], pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EmbeddedError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  assert.ok(!error.message.includes('\n'), 'one sentence on one line');
  return true;
};

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-embedded-'));
  await chmod(folder, 0o711);
  dataFolder = join(folder, 'data');
  await (await start({ dataFolder })).stop();
});

after(async () => {
  for (const server of running) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('starts, keeps its data over a restart, and leaves no process behind', async () => {
  const first = await start({ dataFolder });
  assert.equal(first.major, 18);
  await answer(first, 'create table kept as select 42 as answer');
  await first.stop();
  assert.equal(await first.ended, undefined);
  assert.equal(isAlive(first.pid), false);
  const before = performance.now();
  const second = await start({ dataFolder });
  assert.ok(performance.now() - before < 2_000, 'a warm start takes well under two seconds');
  assert.equal(await answer(second, 'select answer from kept'), 42);
  await second.stop();
});

test('asks for the generated password, which only its owner can read', async () => {
  const server = await start({ dataFolder });
  const { mode } = await stat(join(dataFolder, 'password'));
  assert.equal(mode & 0o777, 0o600);
  const wrong = new pg.Client({ ...server.adminConnection, password: 'wrong' });
  await assert.rejects(wrong.connect(), { code: '28P01' });
  await server.stop();
});

test('listens on a Unix socket where one is asked for, and refuses a path that is too long', async () => {
  const socketFolder = join(folder, 's');
  const server = await start({ dataFolder, socketFolder });
  const client = new pg.Client({ ...server.adminConnection, host: socketFolder });
  await client.connect();
  await client.end();
  await server.stop();
  const tooLong = start({ dataFolder, socketFolder: join(folder, 'x'.repeat(100)) });
  await assert.rejects(tooLong, failsWith('socket_path_too_long', /shorter/));
});

test('a taken port is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  assert.ok(address !== null && typeof address === 'object');
  const attempt = start({ dataFolder, port: address.port });
  await assert.rejects(attempt, failsWith('port_taken', new RegExp(`Port ${address.port} is taken`)));
  other.close();
});

test('a server that still runs on the folder is named, with the command that ends it', async () => {
  const first = await start({ dataFolder });
  await assert.rejects(
    start({ dataFolder }),
    failsWith('server_running', new RegExp(`kill -INT ${first.pid}`)),
  );
  assert.equal(await answer(first, 'select 1 as answer'), 1);
  await first.stop();
});

test('recovers after kill -9, and says when a server ended by itself', async () => {
  const first = await start({ dataFolder });
  await answer(first, 'create table survived as select 43 as answer');
  process.kill(first.pid, 'SIGKILL');
  const reason = await first.ended;
  assert.equal(reason?.code, 'server_ended');
  const second = await start({ dataFolder });
  assert.equal(await answer(second, 'select answer from survived'), 43);
  await second.stop();
});

test('a stale postmaster.pid whose number belongs to another program by now does not matter', async () => {
  const stale = `${process.pid === 1 ? 1 : process.ppid}\n${join(dataFolder, 'cluster')}\n1700000000\n5432\n\n127.0.0.1\n`;
  const file = join(dataFolder, 'cluster', 'postmaster.pid');
  await writeFile(file, stale, { mode: 0o600 });
  if (isRoot) {
    const { uid, gid } = await stat(join(dataFolder, 'cluster'));
    await chown(file, uid, gid);
  }
  const lines: string[] = [];
  const server = await start({ dataFolder, onLog: (line) => lines.push(line) });
  assert.equal(await answer(server, 'select 1 as answer'), 1);
  assert.ok(lines.some((line) => line.includes('belongs to another program')));
  await server.stop();
});

test('another major version’s data is refused and left as it is', async () => {
  const file = join(dataFolder, 'cluster', 'PG_VERSION');
  await writeFile(file, '14\n');
  await assert.rejects(start({ dataFolder }), failsWith('version_mismatch', /Postgres 14 .* Postgres 18/));
  assert.equal(await readFile(file, 'utf8'), '14\n');
  await writeFile(file, '18\n');
});

test('a lost password file is named', async () => {
  await rename(join(dataFolder, 'password'), join(dataFolder, 'mislaid'));
  await assert.rejects(start({ dataFolder }), failsWith('password_missing', /restore it/));
  await rename(join(dataFolder, 'mislaid'), join(dataFolder, 'password'));
});

test('a data folder that cannot be made is named', async () => {
  await writeFile(join(folder, 'file'), '');
  const attempt = start({ dataFolder: join(folder, 'file', 'data') });
  await assert.rejects(attempt, failsWith('data_folder_unwritable', /correct its permissions/));
});

test('a cluster that belongs to somebody else is named', async () => {
  if (!isRoot) {
    await assert.rejects(
      start({ dataFolder: '/' }),
      failsWith('data_folder_owner', /belongs to another user/),
    );
    return;
  }
  const cluster = join(dataFolder, 'cluster');
  const { uid, gid } = await stat(cluster);
  await chown(cluster, 0, 0);
  await assert.rejects(start({ dataFolder }), failsWith('data_folder_owner', /belongs to root.*chown/));
  await chown(cluster, uid, gid);
});

test('an interrupted creation leaves nothing that is taken for a cluster', async () => {
  const interrupted = join(folder, 'interrupted');
  await mkdir(join(interrupted, 'cluster.new'), { recursive: true });
  await chmod(interrupted, 0o711);
  await writeFile(join(interrupted, 'cluster.new', 'PG_VERSION'), '18\n');
  const server = await start({ dataFolder: interrupted });
  assert.equal(await answer(server, 'select 1 as answer'), 1);
  await server.stop();
});

test('root may keep the data where the server’s user has no way in', async () => {
  // Started as an ordinary user there is no other user: the folder is merely private.
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const server = await start({ dataFolder: join(closed, 'data') });
  assert.equal(await answer(server, 'select 1 as answer'), 1);
  await server.stop();
});

test('an unknown setting comes back in the server’s own words', async () => {
  const attempt = start({ dataFolder, settings: { no_such_setting: '1' } });
  await assert.rejects(attempt, failsWith('start_failed', /no_such_setting/));
});

test('binaries that are not there are named', async () => {
  const attempt = start({ dataFolder: join(folder, 'none'), binFolder: folder });
  await assert.rejects(attempt, failsWith('binaries_missing', /There is no .*postgres/));
});

const mountSmallDisk = (path: string) =>
  isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', path]).status === 0;

test('a full disk is named, and leaves nothing behind', async () => {
  const disk = join(folder, 'disk');
  await mkdir(disk);
  // Only an administrator can make a small disk; elsewhere errors.test.ts alone holds the sentence.
  if (!mountSmallDisk(disk)) return;
  try {
    const attempt = start({ dataFolder: join(disk, 'data') });
    await assert.rejects(attempt, failsWith('disk_full', /disk that holds .* is full: free some space/));
    assert.deepEqual(await readdir(join(disk, 'data')), []);
  } finally {
    spawnSync('umount', [disk]);
  }
});
