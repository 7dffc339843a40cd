import type { DataFolder } from '../data-folder/dataFolder.ts';
import { startLocalDatabase } from '../database/localDatabase.ts';
import type { AdminConnection, Embedded } from '../embedded/index.ts';

/** A Postgres that is started again, on the same port, whenever it ends by itself. */
export type SupervisedDatabase = {
  readonly admin: AdminConnection;
  /** Rejects once the server cannot be brought back. */
  readonly lost: Promise<never>;
  /** Ends it and waits until its processes are gone. */
  stop(): Promise<void>;
};

/** Restarts within one minute after which something is plainly wrong. */
const mostRestarts = 12;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Options = {
  readonly progress: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
};

type Restart = Options & { readonly port: number; readonly stopping: () => boolean };

/** Tries for about twenty seconds: what was killed takes a moment to go, and may be hit again while it starts. */
async function restart(folder: DataFolder, options: Restart): Promise<Embedded> {
  let failure: unknown;
  for (let attempt = 0; attempt < 40 && !options.stopping(); attempt += 1) {
    try {
      return await startLocalDatabase(folder, options);
    } catch (error) {
      failure = error;
      await wait(500);
    }
  }
  throw failure;
}

/**
 * Starts the Postgres of a data folder and keeps it up.
 *
 * @throws CommandFailure when it cannot be started
 */
export async function superviseDatabase(folder: DataFolder, options: Options): Promise<SupervisedDatabase> {
  const clock = options.clock ?? Date.now;
  let server = await startLocalDatabase(folder, options);
  const { adminConnection: admin, port } = server;
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();
  const lost = Promise.withResolvers<never>();
  // Nobody may be waiting at the moment it is lost; whoever waits later still hears of it.
  lost.promise.catch(() => undefined);
  const restarts: number[] = [];

  const watch = async (watched: Embedded): Promise<void> => {
    const reason = await watched.ended;
    if (stopping || reason === undefined) return;
    restarts.push(clock());
    const recent = restarts.filter((at) => at > clock() - 60_000).length;
    if (recent > mostRestarts) throw reason;
    options.progress('Postgres ended unexpectedly; starting it again …');
    server = await restart(folder, { ...options, port, stopping: () => stopping });
    options.progress('Postgres is back.');
    keep(server);
  };
  const keep = (watched: Embedded): void => {
    restarting = watch(watched).catch((error: unknown) => {
      if (!stopping) lost.reject(error instanceof Error ? error : new Error(String(error)));
    });
  };
  keep(server);
  return {
    admin,
    lost: lost.promise,
    stop: async () => {
      stopping = true;
      await server.stop();
      await restarting;
      // A restart that was under way when stopping began has brought up another.
      await server.stop();
    },
  };
}
