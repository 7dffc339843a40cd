import type { Pool } from 'pg';
import { SamlFailure } from './failure.ts';
import { readMetadata } from './metadata.ts';
import { storedForm, summaryOf } from './provider.ts';

/** Fetches metadata; its address is a tenant's word, so it goes through the outbound guard. */
export type FetchMetadata = (url: string) => Promise<Uint8Array>;

type Due = { connection_id: string; entity_id: string; metadata_url: string };

/**
 * Fetches the metadata that is due, a few at a time. What cannot be fetched or understood, or is another provider's,
 * changes nothing that is in force; the connection's owner sees why.
 *
 * @param worker connected as bulkhead_worker
 * @returns how many were due; ask again while there were `most`
 */
export async function refreshMetadata(
  { worker, clock, fetchMetadata }: { worker: Pool; clock: () => number; fetchMetadata: FetchMetadata },
  { most = 10, signal }: { most?: number; signal?: AbortSignal } = {},
): Promise<number> {
  const { rows } = await worker.query<Due>('select * from identity.claim_saml_refresh($1, $2)', [
    new Date(clock()),
    most,
  ]);
  for (const due of rows) {
    if (signal?.aborted === true) break;
    // oxlint-disable-next-line no-await-in-loop -- one at a time: nobody waits for it
    await refreshOne({ worker, clock, fetchMetadata }, due);
  }
  return rows.length;
}

async function refreshOne(
  { worker, clock, fetchMetadata }: { worker: Pool; clock: () => number; fetchMetadata: FetchMetadata },
  due: Due,
): Promise<void> {
  const outcome = await fetchProvider(fetchMetadata, { due, at: clock() });
  await worker.query('select identity.record_saml_refresh($1, $2, $3, $4, $5)', [
    due.connection_id,
    outcome.metadata === undefined ? null : JSON.stringify(storedForm(outcome.metadata, due.metadata_url)),
    outcome.problem ?? null,
    outcome.metadata === undefined ? null : JSON.stringify(summaryOf(outcome.metadata)),
    new Date(clock()),
  ]);
}

async function fetchProvider(fetchMetadata: FetchMetadata, { due, at }: { due: Due; at: number }) {
  try {
    const metadata = readMetadata(await fetchMetadata(due.metadata_url), at);
    if (metadata.entityId !== due.entity_id) {
      return { problem: `The metadata is now of ${metadata.entityId}. Upload it by hand if that is right.` };
    }
    return { metadata };
  } catch (error) {
    const reason =
      error instanceof SamlFailure ? `${error.message} (${error.detail ?? error.code})` : undefined;
    return {
      problem: reason ?? (error instanceof Error ? error.message : 'The metadata could not be fetched.'),
    };
  }
}
