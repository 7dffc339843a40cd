import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { startOf } from '../data-folder/claim.ts';
import type { DataFolder } from '../data-folder/dataFolder.ts';
import { EmbeddedError, startEmbedded, type Embedded } from '../embedded/index.ts';

export type LocalDatabaseOptions = {
  readonly progress: (line: string) => void;
  readonly onLog?: (line: string) => void;
  /** Default: any free one. */
  readonly port?: number;
};

async function serverProcess(folder: DataFolder): Promise<number | undefined> {
  const file = join(folder.postgres, 'cluster', 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

const patience = { tries: 200, everyMs: 50 };

/** Ends the server that an instance which was killed left behind; we hold the folder, so it is nobody's. */
async function endLeftover(folder: DataFolder): Promise<boolean> {
  const pid = await serverProcess(folder);
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') return false;
  }
  for (let attempt = 0; attempt < patience.tries; attempt += 1) {
    if (startOf(pid) === undefined) return true;
    await new Promise((resolve) => setTimeout(resolve, patience.everyMs));
  }
  return false;
}

function explain(error: unknown): unknown {
  if (!(error instanceof EmbeddedError)) return error;
  const hint = error.log.length === 0 ? {} : { hint: error.log.slice(-5).join('\n') };
  return new CommandFailure(`database_${error.code}`, error.message, { ...hint, cause: error });
}

/**
 * Starts the Postgres of a claimed data folder, making it on first use. One that an earlier, killed
 * instance left running is stopped first.
 *
 * @throws CommandFailure with the embedded server's own sentence
 */
export async function startLocalDatabase(
  folder: DataFolder,
  options: LocalDatabaseOptions,
): Promise<Embedded> {
  const start = (): Promise<Embedded> =>
    startEmbedded({
      dataFolder: folder.postgres,
      onLog: options.onLog ?? (() => undefined),
      ...(options.port === undefined ? {} : { port: options.port }),
    });
  try {
    return await start();
  } catch (error) {
    const leftover = error instanceof EmbeddedError && error.code === 'server_running';
    if (!leftover) throw explain(error);
    options.progress('Stopping the Postgres that an earlier run left behind …');
    if (!(await endLeftover(folder))) throw explain(error);
  }
  try {
    return await start();
  } catch (error) {
    throw explain(error);
  }
}
