import { randomBytes } from 'node:crypto';
import { PlatformError } from '@bulkhead/platform/errors';
import type { Registrar } from '@bulkhead/platform/identity/provider';
import type { ClientBase } from 'pg';
import { CommandFailure } from '../command-line/failure.ts';

type Registering = Registrar & { randomBytes: (size: number) => Uint8Array };

/**
 * Registers on behalf of the owner role.
 *
 * @param client connected as bulkhead_owner
 * @throws CommandFailure with the code and sentence of the slice that refuses
 */
export async function registering<Result>(
  work: (registrar: Registering) => Promise<Result>,
  client: ClientBase,
): Promise<Result> {
  try {
    return await work({ database: client, clock: Date.now, randomBytes });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const field = error.field === undefined ? '' : ` (${error.field})`;
    throw new CommandFailure(error.code, `${error.message}${field}`, { cause: error });
  }
}
