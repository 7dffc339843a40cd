/** Runs the rounds that link committed entries into their chains. The work itself is done in SQL, in one statement. */

/** The part of a `pg` pool connected as bulkhead_worker that sealing needs. Each query is a transaction of its own. */
export type LedgerPool = {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
};

/**
 * `sealed` entries now; `deferred` tenants wrote more than a round takes. `idle`: nothing new. `busy`: another worker is
 * at it.
 */
export type Round = {
  readonly outcome: 'sealed' | 'idle' | 'busy';
  readonly sealed: number;
  readonly deferred: number;
};

/** One round over everything committed since the last. */
export async function sealRound(pool: LedgerPool): Promise<Round> {
  const { rows } = await pool.query('select outcome, sealed, deferred from bulkhead.seal_audit()');
  const [row] = rows;
  if (row?.['outcome'] === 'moved') {
    const rebased = await pool.query('select bulkhead.rebase_audit_sealing() as sealed');
    return { outcome: 'sealed', sealed: Number(rebased.rows[0]?.['sealed']), deferred: 0 };
  }
  const outcome = row?.['outcome'] === 'sealed' || row?.['outcome'] === 'busy' ? row['outcome'] : 'idle';
  return { outcome, sealed: Number(row?.['sealed']), deferred: Number(row?.['deferred']) };
}

/** One slice of one tenant that is behind. @returns entries sealed; undefined when nobody is behind */
export async function sealBacklog(pool: LedgerPool, slice = 5000): Promise<number | undefined> {
  const { rows } = await pool.query('select bulkhead.seal_audit_backlog($1) as sealed', [slice]);
  const sealed = rows[0]?.['sealed'];
  return sealed === null || sealed === undefined ? undefined : Number(sealed);
}

/**
 * Rounds and slices in turns, so that nobody waits for one who wrote a great deal.
 *
 * @returns whether there is more to do at once
 */
export async function seal(pool: LedgerPool): Promise<{ sealed: number; more: boolean }> {
  const round = await sealRound(pool);
  const slice = await sealBacklog(pool);
  return { sealed: round.sealed + (slice ?? 0), more: slice !== undefined };
}

/** Seals until nothing that is committed is left unsealed; for tests and for the end of an import. */
export async function sealAll(pool: LedgerPool): Promise<number> {
  let total = 0;
  for (;;) {
    const { sealed, more } = await seal(pool);
    total += sealed;
    if (sealed === 0 && !more) return total;
  }
}
