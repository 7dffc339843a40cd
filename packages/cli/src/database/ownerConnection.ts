import { resolve } from 'node:path';
import pg from 'pg';
import type { Options, Values } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { openDataFolder } from '../data-folder/dataFolder.ts';
import { readRunning } from '../data-folder/running.ts';
import { readSecret } from '../data-folder/secretFile.ts';
import { parseDatabaseAddress } from './address.ts';
import { explainConnection } from './bootstrap.ts';
import { startLocalDatabase } from './localDatabase.ts';
import { passwordFile } from './passwords.ts';
import { composeEnvironment, configuresDatabase } from './settings.ts';

/** Options of every command that works on a database. */
export const databaseOptions = {
  database: {
    kind: 'text',
    placeholder: 'URL',
    summary:
      'postgres://host[:port]/name, without a password (default: as configured, else the data folder’s own)',
  },
  data: { kind: 'text', placeholder: 'DIR', summary: 'the data folder', default: '.bulkhead' },
} as const satisfies Options;

type Target = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly password: string;
};

async function connect(target: Target): Promise<pg.Client> {
  const user = 'bulkhead_owner';
  const client = new pg.Client({ ...target, user, application_name: 'bulkhead' });
  // Without a listener a lost connection would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw explainConnection(error, { ...target, user });
  }
}

async function configured(values: Values<typeof databaseOptions>, terminal: Terminal): Promise<Target> {
  const { loadConfig } = await import('@bulkhead/server');
  const address = values.database === undefined ? {} : { database: parseDatabaseAddress(values.database) };
  const secrets = resolve(terminal.folder, values.data, 'secrets');
  const { database } = await loadConfig({ env: composeEnvironment(terminal.env, { ...address, secrets }) });
  if (database.ownerPassword === undefined) {
    throw new CommandFailure('owner_password_missing', 'This needs the password of bulkhead_owner.', {
      hint: 'Name its file in BULKHEAD_DATABASE_OWNER_PASSWORD_FILE.',
    });
  }
  const { host, port, name, ownerPassword } = database;
  return { host, port, database: name, password: ownerPassword };
}

type Held = { readonly target: Target; close(): Promise<void> };

/** The data folder's own Postgres: of the running instance, else started for as long as it is needed. */
async function local(path: string, terminal: Terminal): Promise<Held> {
  const target = async (port: number): Promise<Target> => {
    const password = await readSecret(passwordFile(resolve(path, 'secrets'), 'owner'));
    return { host: '127.0.0.1', port, database: 'bulkhead', password };
  };
  let folder;
  try {
    folder = await openDataFolder(path, { mustExist: true });
  } catch (error) {
    const inUse = error instanceof CommandFailure && error.code === 'data_folder_in_use';
    const running = inUse ? await readRunning(path) : undefined;
    if (running === undefined) throw error;
    return { target: await target(running.database.port), close: async () => undefined };
  }
  const held = folder;
  try {
    const server = await startLocalDatabase(held, { progress: terminal.progress });
    const close = async (): Promise<void> => {
      await server.stop();
      await held.release();
    };
    return { target: await target(server.port), close };
  } catch (error) {
    await held.release();
    throw error;
  }
}

/**
 * Runs `work` on a connection as bulkhead_owner to the database that the options or the
 * configuration name, else to the data folder's own.
 *
 * @throws CommandFailure when there is no such database, or it cannot be reached
 */
export async function withOwner<Result>(
  values: Values<typeof databaseOptions>,
  terminal: Terminal,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const external = values.database !== undefined || configuresDatabase(terminal.env);
  const held: Held = external
    ? { target: await configured(values, terminal), close: async () => undefined }
    : await local(resolve(terminal.folder, values.data), terminal);
  try {
    const client = await connect(held.target);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } finally {
    await held.close();
  }
}
