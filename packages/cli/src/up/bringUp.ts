import { fileURLToPath } from 'node:url';
import type { Config, createServer, Server } from '@bulkhead/server';
import type { Module } from '@bulkhead/server/module';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { buildConsole, consoleDist } from '../console/build.ts';
import { openDataFolder, type DataFolder } from '../data-folder/dataFolder.ts';
import { forgetRunning, noteRunning } from '../data-folder/running.ts';
import { readDemoState } from '../demo/progressNote.ts';
import type { Ground } from './ground.ts';
import { explainListening, probePort } from './portProbe.ts';
import { databaseKind, refuseUnsafe, standard, type UpRequest } from './request.ts';
import { startStopwatch, type Stopwatch } from './stopwatch.ts';

/** A running instance. */
export type Instance = {
  /** Origin of the console and the API. */
  readonly url: string;
  readonly console: boolean;
  readonly demo: boolean;
  readonly data: string | undefined;
  /** Whole milliseconds of each phase of the start; phases overlap. */
  readonly phases: Readonly<Record<string, number>>;
  /** Rejects when the instance can serve no longer. */
  readonly lost: Promise<never>;
};

const consolePackage = fileURLToPath(new URL('../../../console', import.meta.url));

/** Waits for all, also when one fails, so that nothing is left half-open; then throws the first failure. */
async function all<const Works extends readonly Promise<unknown>[]>(
  works: Works,
): Promise<{ [K in keyof Works]: Awaited<Works[K]> }> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)) as {
    [K in keyof Works]: Awaited<Works[K]>;
  };
}

async function openFolder(request: UpRequest, ground: Ground): Promise<DataFolder | undefined> {
  if (databaseKind(request, ground.terminal.env) === 'configured') return undefined;
  // A demo that was cut off in a database of its own holds nothing that anybody could miss.
  const unfinished = request.demo && (await readDemoState(request.data)) === 'seeding';
  const folder = await openDataFolder(request.data, { reset: request.reset || unfinished });
  ground.stack.defer(() => folder.release());
  return folder;
}

async function loadCode(request: UpRequest) {
  const [server, { loadModule }] = await Promise.all([import('@bulkhead/server'), import('./modules.ts')]);
  const modules = await Promise.all(request.modules.map((name) => loadModule(name, request.folder)));
  return { createServer: server.createServer, modules };
}

/** Without the owner's password: a running server has no business with it. */
function runtimeConfig(config: Config): Config {
  const { ownerPassword: _unneeded, ...database } = config.database;
  return { ...config, database: { ...database, migrateAtBoot: false } };
}

async function listen(server: Server, config: Config): Promise<string> {
  try {
    return (await server.listen()).url;
  } catch (error) {
    if (error instanceof Error && error.name === 'UnsoundDatabaseError') {
      throw new CommandFailure('database_unsound', error.message, { cause: error });
    }
    throw explainListening(error, config.http.host, config.http.port);
  }
}

type Prepared = {
  readonly watch: Stopwatch;
  readonly folder: DataFolder | undefined;
  readonly wanted: { readonly host: string | undefined; readonly port: number | undefined };
  readonly console: string | undefined;
};

async function prepareDatabase(
  request: UpRequest,
  ground: Ground,
  prepared: Prepared & { code: Promise<Code> },
) {
  const { watch, folder, wanted, console: dist, code } = prepared;
  const { openServingDatabase } = await import('./servingDatabase.ts');
  const opened = await watch.time('database', () =>
    openServingDatabase(request, ground, { folder, http: wanted, console: dist }),
  );
  ground.signal.throwIfAborted();
  const { openDemoLab } = await import('../demo/demoLab.ts');
  const lab = await openDemoLab(request.demo, { ...opened, secrets: folder?.secrets });
  const modules = [...(await code).modules, ...(lab === undefined ? [] : [lab.module])];
  const { ownerPassword, migrateAtBoot } = opened.config.database;
  if (ownerPassword !== undefined && migrateAtBoot) {
    const { applyMigrations } = await import('../database/migrations.ts');
    await watch.time('migrate', () => applyMigrations(opened.config, modules));
  }
  if (request.demo && folder !== undefined) {
    const { seedDemo } = await import('../demo/seedDemo.ts');
    await watch.time('demo', () => seedDemo(request, opened.config, { folder, terminal: ground.terminal }));
  }
  if (lab !== undefined) await watch.time('lab', () => lab.prepare());
  return { ...opened, modules, pair: lab?.pair };
}

type Code = {
  readonly createServer: typeof createServer;
  readonly modules: Module[];
};

function wantedAddress(request: UpRequest, env: Terminal['env']): Prepared['wanted'] {
  const configured = Boolean(env['BULKHEAD_CONFIG']);
  return {
    host: request.host ?? (configured ? undefined : (env['BULKHEAD_HTTP_HOST'] ?? standard.host)),
    port: request.port ?? (configured ? undefined : Number(env['BULKHEAD_HTTP_PORT'] ?? standard.port)),
  };
}

async function probe({ host, port }: Prepared['wanted']): Promise<void> {
  // What is no port at all is told with everything else that is wrong with the configuration.
  const possible = port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (host !== undefined && possible) await probePort(host, port);
}

/**
 * Brings everything up: data folder, Postgres, roles, migrations, console, demo, server.
 *
 * @throws CommandFailure with a sentence that says what to do; what was opened is on `ground.stack`
 */
export async function bringUp(request: UpRequest, ground: Ground): Promise<Instance> {
  const { terminal, signal, stack } = ground;
  const watch = startStopwatch();
  return watch.time('total', async () => {
    refuseUnsafe(request, terminal.env);
    const folder = await openFolder(request, ground);
    const wanted = wantedAddress(request, terminal.env);
    await probe(wanted);
    const ownConsole = !terminal.env['BULKHEAD_HTTP_CONSOLE'] && !terminal.env['BULKHEAD_CONFIG'];
    const dist = ownConsole ? consoleDist(consolePackage) : undefined;
    const code = watch.time('load', () => loadCode(request));
    const prepared = { watch, folder, wanted, console: dist, code };
    const [loaded, { config, lost, modules, pair }] = await all([
      code,
      prepareDatabase(request, ground, prepared),
      dist === undefined
        ? Promise.resolve()
        : watch.time('console', () => buildConsole(consolePackage, { progress: terminal.progress, signal })),
    ]);
    signal.throwIfAborted();
    const { attackOwn } = await import('../prover/attackOwn.ts');
    const server = loaded.createServer(runtimeConfig(config), modules, {
      attack: attackOwn(config, pair),
      logStream: { write: (line) => terminal.progress(line.trimEnd()) },
    });
    stack.defer(() => server.close());
    const url = await watch.time('listen', () => listen(server, config));
    if (folder !== undefined) {
      const { host, port, name } = config.database;
      await noteRunning(folder.path, { pid: process.pid, url, database: { host, port, name } });
      stack.defer(() => forgetRunning(folder.path));
    }
    return {
      url,
      console: config.http.console !== undefined,
      demo: request.demo,
      data: folder?.path,
      phases: watch.phases,
      lost,
    };
  });
}
