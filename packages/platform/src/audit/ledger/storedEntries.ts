/** Reads entries as the database keeps them, their bytes put together here from the columns. */
import type { AuditorClient } from './auditorClient.ts';
import type { ChainVerifier } from './chainVerifier.ts';
import { fieldNames, serviceChain } from './encoding.ts';

const column = (name: (typeof fieldNames)[number]): string =>
  name === 'occurred_at' ? 'trunc(extract(epoch from e.occurred_at) * 1000000)::text' : `e.${name}::text`;

/** The same expression as bulkhead.audit_entry_bytes, of built-in functions alone: the database's own is not trusted. */
export const entryBytes = `convert_to(E'bulkhead-entry/1\\n' || ${fieldNames
  .map((name) => `coalesce(octet_length(${column(name)})::text || ':' || ${column(name)}, '-') || E'\\n'`)
  .join(' || ')}, 'UTF8')`;

/** Of an entry's bytes: what may be fetched with thousands of others. */
export const shortEntry = (bytes: string): string =>
  `case when octet_length(${bytes}) <= 16384 then ${bytes} end`;

/** That `e` is of the chain. */
export const entryOf = (chain: string): string =>
  chain === serviceChain ? 'e.tenant_id is null' : `e.tenant_id = '${chain}'`;

/** The bytes of one entry. */
export async function readEntry(
  client: AuditorClient,
  chain: string,
  id: string,
): Promise<Buffer | undefined> {
  const { rows } = await client.query(
    `select ${entryBytes} as bytes from bulkhead.audit_entry e where ${entryOf(chain)} and e.id = $1`,
    [id],
  );
  return rows[0]?.['bytes'] as Buffer | undefined;
}

const mostStrays = 10_000;

/**
 * Entries that no link names: those that sealing has not reached wait, every other was put there past the writers. An
 * entry that was given another id or tenant is looked for by the id its link names, wherever it is now.
 *
 * @param options `above`: looks at entries with ids above this one alone
 * @returns entries that wait; of more than 10,000 without a link, so many
 */
export async function readStrays(
  client: AuditorClient,
  { chain, verifier, above }: { chain: string; verifier: ChainVerifier; above: string | undefined },
): Promise<number> {
  const tenant = `${entryOf(chain)}${above === undefined ? '' : ` and e.id > ${above}`}`;
  const { rows } = await client.query(
    `select s.due, s.id::text as id from (
       select e.id, p.same_cluster and not p.behind and (
         pg_visible_in_snapshot(e.transaction_id, p.sealed_through)
         or e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())) as due
       from bulkhead.audit_entry e cross join bulkhead.audit_progress('${chain}') p
       where ${tenant}
         and not exists (select from bulkhead.audit_link l where l.tenant_id = '${chain}' and l.entry_id = e.id)
     ) s order by s.due desc, s.id limit ${mostStrays}`,
  );
  const moved = verifier.lost.map(({ claims }) => claims?.id).filter((id) => id !== undefined);
  if (moved.length > 0) {
    const elsewhere = await client.query(
      `select ${entryBytes} as bytes from bulkhead.audit_entry e where e.id = any ($1) and (${entryOf(chain)}) is not true`,
      [moved],
    );
    for (const { bytes } of elsewhere.rows) verifier.stray(bytes as Buffer, { elsewhere: true });
  }
  const due = rows.filter((row) => row['due'] === true);
  for (const { id } of due) {
    const bytes = await readEntry(client, chain, String(id));
    if (bytes !== undefined) verifier.stray(bytes);
  }
  return rows.length - due.length;
}
