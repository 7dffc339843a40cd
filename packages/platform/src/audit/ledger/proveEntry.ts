import { serviceChain } from './encoding.ts';
import type { EntryProof } from './entryProof.ts';
import { inclusionProof, noLeaf } from './merkle.ts';
import { parseCheckpoint, parseNote } from './note.ts';
import type { LedgerPool } from './seal.ts';
import { TreeReader } from './treeReader.ts';

/**
 * @param reader whoever may read the entry and its chain: a tenant's session, or the auditor
 * @returns undefined when there is no such entry, it is not sealed yet, or no checkpoint covers it yet
 */
export async function proveEntry(
  reader: LedgerPool,
  { chain, id }: { chain: string; id: string },
): Promise<EntryProof | undefined> {
  const tenant = chain === serviceChain ? 'e.tenant_id is null' : 'e.tenant_id = l.tenant_id';
  const { rows } = await reader.query(
    `select l.seq, bulkhead.audit_entry_bytes(e) as bytes,
       (select p.leaf from bulkhead.audit_link p where p.tenant_id = l.tenant_id and p.seq = l.seq - 1) as previous,
       (select c.note from bulkhead.audit_checkpoint c where c.tenant_id = l.tenant_id and c.size > l.seq order by c.size desc limit 1) as note
     from bulkhead.audit_link l
     join bulkhead.audit_entry e on ${tenant} and e.id = l.entry_id and e.occurred_at = l.occurred_at
     where l.tenant_id = $1 and l.entry_id = $2`,
    [chain, id],
  );
  const [row] = rows;
  if (row === undefined || typeof row['note'] !== 'string') return undefined;
  const index = Number(row['seq']);
  const { size } = parseCheckpoint(parseNote(row['note']).text);
  const path = await inclusionProof(new TreeReader(reader, chain).read, index, size);
  return {
    format: 'bulkhead-audit-proof/1',
    checkpoint: row['note'],
    index,
    previous: ((row['previous'] as Buffer | null) ?? noLeaf).toString('base64'),
    entry: (row['bytes'] as Buffer).toString('base64'),
    path: path.map((hash) => hash.toString('base64')),
  };
}
