/** Connected as bulkhead_worker. */
type Worker = {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
};

export type Erasure = {
  /** The same wherever it is replayed; a UUID. */
  id: string;
  tenantId: string;
  /** Whom the values are about: what the option `personal` of `protect_table` names as subject. */
  subjectId: string;
  /** Values of entries up to then, RFC 3339 with microseconds; absent: up to now. */
  through?: string;
  /** 10 to 500 characters; a request's number, never who the person is. */
  reason: string;
};

/**
 * Erases what a tenant's audit entries hold about a subject. The entries, their hashes and every proof stay as they are. Record,
 * removal and the entry `audit.erase` are one transaction, so a crash leaves all or nothing (T-75). Called again with the same
 * id, after a backup was restored, it removes what came back (T-74).
 *
 * @returns `recorded`: it was not on record before
 * @throws the database's error 22023 for a time in the future, 23514 for the reason's length
 */
export async function eraseSubject(
  worker: Worker,
  erasure: Erasure,
): Promise<{ recorded: boolean; erased: number }> {
  const { id, tenantId, subjectId, through, reason } = erasure;
  const { rows } = await worker.query(
    'select * from bulkhead.erase_audit_subject($1, $2, $3, coalesce($4, clock_timestamp()), $5)',
    [id, tenantId, subjectId, through ?? null, reason],
  );
  return { recorded: rows[0]?.['recorded'] === true, erased: Number(rows[0]?.['erased'] ?? 0) };
}

/** Every erasure on record, the oldest first: to be kept outside the database, and replayed into one that is restored. */
export async function listErasures(worker: Worker): Promise<Required<Erasure>[]> {
  const { rows } = await worker.query(
    `select id, tenant_id as "tenantId", subject_id as "subjectId",
       to_char(through at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as through, reason
     from bulkhead.audit_erasure order by recorded_at, id`,
  );
  return rows as Required<Erasure>[];
}
