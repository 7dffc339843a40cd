import type { LedgerPool } from './seal.ts';

/** What is given up: entries of a chain before a position, or before a moment. */
export type Cut = { readonly chain: string; readonly reason: string } & (
  | { readonly seq: number }
  | { readonly before: Date }
);

/**
 * Gives up a prefix of a chain behind a checkpoint, and writes an entry that says so. Nothing is removed yet.
 *
 * @param pool as bulkhead_worker
 * @returns the position before which entries may go; undefined when nothing lies before the moment
 * @throws the client's error 22023 when no checkpoint covers them, 23514 when the reason is not 10 to 500 characters
 */
export async function cutChain(pool: LedgerPool, cut: Cut): Promise<number | undefined> {
  const seq = 'seq' in cut ? cut.seq : await positionAt(pool, cut);
  if (seq === 0) return undefined;
  await pool.query('select bulkhead.cut_audit($1, $2, $3)', [cut.chain, seq, cut.reason]);
  return seq;
}

/** The first entry at or after the moment: entries stand in order of sealing, so the first young one ends the prefix. */
async function positionAt(
  pool: LedgerPool,
  { chain, before }: { chain: string; before: Date },
): Promise<number> {
  const { rows } = await pool.query(
    `select coalesce(
       (select min(l.seq) from bulkhead.audit_link l where l.tenant_id = $1 and l.occurred_at >= $2),
       (select max(l.seq) + 1 from bulkhead.audit_link l where l.tenant_id = $1), 0) as seq`,
    [chain, before],
  );
  return Number(rows[0]?.['seq']);
}

/**
 * Removes what lies before the cuts whose own entries are sealed, and the partitions that are empty then.
 *
 * @returns entries removed and partitions dropped
 */
export async function removeCutEntries(pool: LedgerPool): Promise<{ removed: number; partitions: string[] }> {
  let removed = 0;
  for (;;) {
    const { rows } = await pool.query('select bulkhead.remove_cut_entries() as removed');
    const slice = Number(rows[0]?.['removed']);
    if (slice === 0) break;
    removed += slice;
  }
  if (removed === 0) return { removed, partitions: [] };
  const { rows } = await pool.query('select bulkhead.drop_empty_audit_partitions() as dropped');
  return { removed, partitions: rows[0]?.['dropped'] as string[] };
}
