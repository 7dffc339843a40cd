import { join, resolve } from 'node:path';
import { connectionOf, type Config } from '@bulkhead/server';
import pg from 'pg';
import type { Values } from '../command-line/command.ts';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { keepContextKey } from '../data-folder/contextKeys.ts';
import { openDataFolder } from '../data-folder/dataFolder.ts';
import { keepSecret } from '../data-folder/secretFile.ts';
import { readRunning } from '../data-folder/running.ts';
import { parseDatabaseAddress, type DatabaseAddress } from './address.ts';
import { bootstrap, explainConnection } from './bootstrap.ts';
import { startLocalDatabase } from './localDatabase.ts';
import type { databaseOptions } from './options.ts';
import { keepPasswords } from './passwords.ts';
import { readConfig } from './readConfig.ts';
import { composeEnvironment, configuresDatabase, type Decided } from './settings.ts';

/** What a command needs of the configuration to work on a database. */
export type DatabaseConfig = Pick<Config, 'database' | 'context' | 'encryption' | 'audit'>;

type Held = { readonly config: DatabaseConfig; close(): Promise<void> };

/** The address of the data folder's own Postgres. */
export function localAddress(port: number): DatabaseAddress {
  return { host: '127.0.0.1', port, name: 'bulkhead' };
}

/**
 * The configuration with the data folder's secrets where it names none of its own; what is missing among
 * them is made.
 *
 * @throws CommandFailure config_invalid with everything that is wrong
 */
export async function configWithSecrets(
  env: Terminal['env'],
  decided: Decided & { readonly secrets: string },
): Promise<Config> {
  const [key, encryptionKey] = await Promise.all([
    keepContextKey(join(decided.secrets, 'context-key')),
    keepContextKey(join(decided.secrets, 'encryption-key')),
    keepSecret(join(decided.secrets, 'audit-key')),
    keepPasswords(decided.secrets),
  ]);
  const keys = { keyId: key.id, encryptionKeyId: encryptionKey.id };
  return readConfig(composeEnvironment(env, { ...decided, ...keys }));
}

/** Makes the roles of a database whose address names an administrator; PGPASSWORD or ~/.pgpass let it in. */
export async function bootstrapAt(address: DatabaseAddress, secrets: string): Promise<void> {
  const { host, port, name, administrator } = address;
  if (administrator === undefined) return;
  await bootstrap(
    { host, port, user: administrator },
    { database: name, passwords: await keepPasswords(secrets) },
  );
}

async function named(text: string, path: string, env: Terminal['env']): Promise<Held> {
  const address = parseDatabaseAddress(text);
  const folder = await openDataFolder(path);
  try {
    await bootstrapAt(address, folder.secrets);
    const config = await configWithSecrets(env, { database: address, secrets: folder.secrets });
    return { config, close: () => folder.release() };
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/** The data folder's own Postgres: of the running instance, else started for as long as it is needed. */
async function local(path: string, terminal: Terminal): Promise<Held> {
  const at = (port: number): Promise<Config> =>
    configWithSecrets(terminal.env, { database: localAddress(port), secrets: join(path, 'secrets') });
  const folder = await openDataFolder(path, { mustExist: true }).catch(async (error: unknown) => {
    const inUse = error instanceof CommandFailure && error.code === 'data_folder_in_use';
    const running = inUse ? await readRunning(path) : undefined;
    if (running === undefined) throw error;
    return running;
  });
  if ('database' in folder) return { config: await at(folder.database.port), close: async () => undefined };
  const end: (() => Promise<void>)[] = [() => folder.release()];
  const close = async (): Promise<void> => {
    for (const step of end.toReversed()) await step();
  };
  try {
    const server = await startLocalDatabase(folder, { progress: terminal.progress });
    end.push(() => server.stop());
    return { config: await at(server.port), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Runs `work` on the database that the options or the configuration name, else on the data folder's own.
 *
 * @throws CommandFailure when there is no such database, or the configuration is wrong
 */
export async function withDatabase<Result>(
  values: Values<typeof databaseOptions>,
  terminal: Terminal,
  work: (config: DatabaseConfig) => Promise<Result>,
): Promise<Result> {
  const path = resolve(terminal.folder, values.data);
  const env = terminal.env;
  let held: Held;
  if (values.database !== undefined) held = await named(values.database, path, env);
  else if (!configuresDatabase(env)) held = await local(path, terminal);
  else held = { config: await readConfig(composeEnvironment(env, {})), close: async () => undefined };
  try {
    return await work(held.config);
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
  { database }: Pick<Config, 'database'>,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  if (database.ownerPassword === undefined) {
    throw new CommandFailure('owner_password_missing', 'This needs the password of bulkhead_owner.', {
      hint: 'Name its file in BULKHEAD_DATABASE_OWNER_PASSWORD_FILE.',
    });
  }
  const client = new pg.Client(connectionOf(database, 'owner'));
  // Without a listener a lost connection would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { host, port, name } = database;
    throw explainConnection(error, { host, port, user: 'bulkhead_owner', database: name });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
