import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type pg from 'pg';
import { usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { checkAddress, connect, connectionOf } from './connect.ts';
import type { ProverValues } from './settings.ts';

/** Opens further connections like the first. */
export type Target = { client: pg.Client; another: () => Promise<pg.Client> };

/**
 * Runs `work` on the database that the command line names, else DATABASE_URL, else the data folder's own, there as the
 * application's role. Every connection is closed afterwards.
 *
 * @throws CommandFailure when no database is named, or it cannot be reached
 */
export async function withTarget<Result>(
  values: Pick<ProverValues, 'database' | 'data'>,
  terminal: Terminal,
  work: (target: Target) => Promise<Result>,
): Promise<Result> {
  const named = values.database ?? terminal.env['DATABASE_URL'];
  if (named !== undefined && named !== '') {
    const url = checkAddress(named);
    if (values.database !== undefined && url.password !== '')
      terminal.progress(
        'Other processes can read the password in a command line: DATABASE_URL or PGPASSWORD keep it.',
      );
    return onConnections(connectionOf(url), work);
  }
  if (!existsSync(resolve(terminal.folder, values.data))) {
    throw usageFailure(
      'No database is named.',
      'Give its address, postgres://user@host/name, or set DATABASE_URL.',
    );
  }
  // Only now: the server's packages need what another's database does not.
  const [{ connectionOf: roleConnection }, { withDatabase }] = await Promise.all([
    import('@bulkhead/server'),
    import('../database/openDatabase.ts'),
  ]);
  return withDatabase({ database: undefined, data: values.data }, terminal, ({ database }) =>
    onConnections(roleConnection(database, 'app'), work),
  );
}

async function onConnections<Result>(
  config: pg.ClientConfig,
  work: (target: Target) => Promise<Result>,
): Promise<Result> {
  const open: pg.Client[] = [];
  const another = async (): Promise<pg.Client> => {
    const client = await connect(config);
    open.push(client);
    return client;
  };
  try {
    return await work({ client: await another(), another });
  } finally {
    // A lost connection is closed already.
    await Promise.all(open.map((client) => client.end().catch(() => undefined)));
  }
}
