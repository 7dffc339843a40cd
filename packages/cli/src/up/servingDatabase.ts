import type { Config } from '@bulkhead/server';
import type { DataFolder } from '../data-folder/dataFolder.ts';
import { parseDatabaseAddress, type DatabaseAddress } from '../database/address.ts';
import { bootstrap, type Administrator } from '../database/bootstrap.ts';
import { bootstrapAt, configWithSecrets, localAddress } from '../database/openDatabase.ts';
import { keepPasswords } from '../database/passwords.ts';
import { readConfig } from '../database/readConfig.ts';
import { composeEnvironment, type Decided } from '../database/settings.ts';
import type { Ground } from './ground.ts';
import type { UpRequest } from './request.ts';
import { superviseDatabase } from './superviseDatabase.ts';

/** The database to serve from, and the whole configuration that goes with it. */
export type ServingDatabase = {
  readonly config: Config;
  readonly lost: Promise<never>;
  /** Of the data folder's own Postgres alone. */
  readonly administrator?: Administrator;
};

const never = new Promise<never>(() => undefined);

async function own(
  folder: DataFolder,
  { terminal, stack }: Ground,
): Promise<{ address: DatabaseAddress; lost: Promise<never>; administrator: Administrator }> {
  const server = await superviseDatabase(folder, { progress: terminal.progress });
  stack.defer(() => server.stop());
  const { host, port, user, password } = server.admin;
  const passwords = await keepPasswords(folder.secrets);
  const address = localAddress(port);
  const administrator = { host, port, user, password };
  await bootstrap(administrator, { database: address.name, passwords });
  return { address, lost: server.lost, administrator };
}

/** A visitor tries things out, from one address and as several people. */
const demoLimits = {
  BULKHEAD_LIMITS_SIGN_IN_PER_IP: '600',
  BULKHEAD_LIMITS_SIGN_IN_PER_ACCOUNT: '600',
  BULKHEAD_LIMITS_FORGOT_PER_IP: '600',
  BULKHEAD_LIMITS_FORGOT_PER_ACCOUNT: '600',
};

/**
 * Starts, or reaches, the database and makes its roles where an administrator is at hand.
 *
 * @throws CommandFailure
 */
export async function openServingDatabase(
  request: UpRequest,
  ground: Ground,
  decided: Pick<Decided, 'http' | 'console'> & { readonly folder: DataFolder | undefined },
): Promise<ServingDatabase> {
  const { folder, ...rest } = decided;
  const { env } = ground.terminal;
  // Quiet unless asked: at a terminal the answer should not scroll away.
  const sink = env['BULKHEAD_MAIL_HOST'] ? {} : { BULKHEAD_MAIL_SINK: 'true' };
  const demo = request.demo ? { BULKHEAD_LAB_ENABLED: 'true', ...demoLimits, ...sink } : {};
  const quiet = { BULKHEAD_LOG_LEVEL: 'warn', ...demo, ...env };
  if (folder === undefined) return { config: await readConfig(composeEnvironment(env, rest)), lost: never };
  if (request.database !== undefined) {
    const address = parseDatabaseAddress(request.database);
    await bootstrapAt(address, folder.secrets);
    const config = await configWithSecrets(env, { ...rest, database: address, secrets: folder.secrets });
    return { config, lost: never };
  }
  // Read once before anything slow, so that a wrong setting is told at once.
  await configWithSecrets(quiet, { ...rest, database: localAddress(1), secrets: folder.secrets });
  const { address, lost, administrator } = await own(folder, ground);
  const config = await configWithSecrets(quiet, { ...rest, database: address, secrets: folder.secrets });
  return { config, lost, administrator };
}
