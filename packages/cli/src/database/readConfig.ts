import { ConfigError, loadConfig, type Config } from '@bulkhead/server';
import { CommandFailure } from '../command-line/failure.ts';

/**
 * The server's configuration.
 *
 * @throws CommandFailure config_invalid with every problem, and no value
 */
export async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<Config> {
  try {
    return await loadConfig({ env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure('config_invalid', error.message, {
      hint: 'Every setting is described in docs/configuration.md.',
      cause: error,
    });
  }
}
