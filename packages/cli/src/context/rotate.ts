import { CommandFailure, errorCode } from '../command-line/failure.ts';
import { prepareContextKey, readContextKey } from '../data-folder/contextKeys.ts';

/** The part of a `pg` client that this needs; connected as bulkhead_owner. */
export type Queries = { query(text: string, values: unknown[]): Promise<unknown> };

/**
 * Registers a fresh key and puts it in the place of the present one. Tokens of both are accepted until the
 * present one is retired.
 *
 * @param file the data folder's context key
 */
export async function rotateContextKey(
  client: Queries,
  file: string,
): Promise<{ keyId: string; previousKeyId: string }> {
  const previous = await readContextKey(file);
  const { key, adopt } = await prepareContextKey(file);
  await client.query('select bulkhead.register_context_key($1, $2)', [key.id, key.secret]);
  await adopt();
  return { keyId: key.id, previousKeyId: previous.id };
}

/**
 * Refuses a key's tokens from now on.
 *
 * @throws CommandFailure when the database knows no such key
 */
export async function retireContextKey(client: Queries, keyId: string): Promise<void> {
  try {
    await client.query('select bulkhead.retire_context_key($1)', [keyId]);
  } catch (error) {
    if (errorCode(error) !== '22023') throw error;
    throw new CommandFailure('key_unknown', `The database knows no context key ${keyId}.`, { cause: error });
  }
}
