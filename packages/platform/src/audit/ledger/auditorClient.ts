/** One connection as bulkhead_auditor, outside of a transaction. */
export type AuditorClient = {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
};
