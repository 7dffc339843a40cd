/** What a query family needs: a `TenantSession` of the kernel, or one of its transactions. */
export type Queries = {
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>;
};

/** SQL that writes a timestamptz column as ISO 8601 in UTC with microseconds. */
export const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
