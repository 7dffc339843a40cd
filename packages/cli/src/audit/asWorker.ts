import { connectionOf } from '@bulkhead/server';
import pg from 'pg';
import type { Values } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { withDatabase } from '../database/openDatabase.ts';
import type { databaseOptions } from '../database/options.ts';

/** Runs `work` on one connection as bulkhead_worker. */
export async function asWorker<Result>(
  values: Values<typeof databaseOptions>,
  terminal: Terminal,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  return withDatabase(values, terminal, async ({ database }) => {
    if (database.workerPassword === undefined) {
      throw new CommandFailure('worker_password_missing', 'This needs the password of bulkhead_worker.', {
        hint: 'Name its file in BULKHEAD_DATABASE_WORKER_PASSWORD_FILE.',
      });
    }
    const client = new pg.Client(connectionOf(database, 'worker'));
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  });
}
