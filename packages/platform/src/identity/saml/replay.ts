import { createHash } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';
import { SamlFailure } from './failure.ts';

/**
 * Remembers that an assertion was used, within the transaction that honours it: of two at once one waits for the other.
 *
 * @param options.until milliseconds since the epoch
 * @throws SamlFailure replayed
 */
export async function spendAssertion(
  client: ClientBase,
  { connectionId, assertionId, until }: { connectionId: string; assertionId: string; until: number },
): Promise<void> {
  const { rowCount } = await client.query(
    `insert into identity.saml_assertion (connection_id, id_hash, expires_at) values ($1, $2, $3)
     on conflict on constraint saml_assertion_pkey do nothing`,
    [connectionId, createHash('sha256').update(assertionId).digest(), new Date(until)],
  );
  if (rowCount !== 1) throw new SamlFailure('replayed');
}

/** Forgets assertions whose time has passed. @param worker connected as bulkhead_worker */
export async function purgeAssertions({
  worker,
  clock,
}: {
  worker: Pool;
  clock: () => number;
}): Promise<void> {
  await worker.query('select identity.purge_saml_assertions($1)', [new Date(clock())]);
}
