import { join, resolve } from 'node:path';
import type { ContextKey } from '@bulkhead/kernel';
import pg from 'pg';
import type { Options, Values } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { keepContextKey } from '../data-folder/contextKeys.ts';
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

/** A database that is there, with what connecting to it as one of our roles takes. */
export type OpenDatabase = {
  /** What `pg` connects with; only the roles that a command may act as. */
  connection(role: 'owner' | 'identity'): Promise<pg.ClientConfig>;
  /** The key that seals contexts for it. */
  contextKey(): Promise<ContextKey>;
};

type Held = OpenDatabase & { close(): Promise<void> };

async function configured(values: Values<typeof databaseOptions>, terminal: Terminal): Promise<Held> {
  const { loadConfig } = await import('@bulkhead/server');
  const address = values.database === undefined ? {} : { database: parseDatabaseAddress(values.database) };
  const secrets = resolve(terminal.folder, values.data, 'secrets');
  const env = composeEnvironment(terminal.env, { ...address, secrets });
  const { database, context } = await loadConfig({ env });
  const { host, port, name, ownerPassword, identityPassword } = database;
  return {
    connection: async (role) => {
      const password = role === 'owner' ? ownerPassword : identityPassword;
      if (password === undefined) {
        throw new CommandFailure('owner_password_missing', 'This needs the password of bulkhead_owner.', {
          hint: 'Name its file in BULKHEAD_DATABASE_OWNER_PASSWORD_FILE.',
        });
      }
      return { host, port, database: name, user: `bulkhead_${role}`, password };
    },
    contextKey: async () => ({ id: context.keyId, secret: context.key }),
    close: async () => undefined,
  };
}

/** The data folder's own Postgres: of the running instance, else started for as long as it is needed. */
async function local(path: string, terminal: Terminal): Promise<Held> {
  const secrets = join(path, 'secrets');
  const at = (port: number): OpenDatabase => ({
    connection: async (role) => {
      const password = await readSecret(passwordFile(secrets, role));
      return { host: '127.0.0.1', port, database: 'bulkhead', user: `bulkhead_${role}`, password };
    },
    contextKey: () => keepContextKey(join(secrets, 'context-key')),
  });
  try {
    const folder = await openDataFolder(path, { mustExist: true });
    try {
      const server = await startLocalDatabase(folder, { progress: terminal.progress });
      const close = async (): Promise<void> => {
        await server.stop();
        await folder.release();
      };
      return { ...at(server.port), close };
    } catch (error) {
      await folder.release();
      throw error;
    }
  } catch (error) {
    const inUse = error instanceof CommandFailure && error.code === 'data_folder_in_use';
    const running = inUse ? await readRunning(path) : undefined;
    if (running === undefined) throw error;
    return { ...at(running.database.port), close: async () => undefined };
  }
}

/**
 * Runs `work` on the database that the options or the configuration name, else on the data folder's own.
 *
 * @throws CommandFailure when there is no such database
 */
export async function withDatabase<Result>(
  values: Values<typeof databaseOptions>,
  terminal: Terminal,
  work: (database: OpenDatabase) => Promise<Result>,
): Promise<Result> {
  const external = values.database !== undefined || configuresDatabase(terminal.env);
  const held = external
    ? await configured(values, terminal)
    : await local(resolve(terminal.folder, values.data), terminal);
  try {
    return await work(held);
  } finally {
    await held.close();
  }
}

/**
 * Runs `work` on one connection as bulkhead_owner.
 *
 * @throws CommandFailure when the database cannot be reached
 */
export async function asOwner<Result>(
  database: OpenDatabase,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const config = await database.connection('owner');
  const client = new pg.Client({ ...config, application_name: 'bulkhead' });
  // Without a listener a lost connection would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { host = '', port = 0, user = '', database: name = '' } = config;
    throw explainConnection(error, { host, port, user, database: name });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
