import type { QueryResult } from './ports.ts';

/** A session or one of its transactions. */
type Reader = {
  query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
};

export type SensitiveRead = {
  /** `schema.table`, protected with the option `sensitive`. */
  table: string;
  /** At most 1,000. An id that the context does not see yields no row and no entry. */
  ids: readonly string[];
  /** What for, in a few words; stands in the entry. */
  purpose: string;
};

/**
 * Reads rows with their sensitive columns. The same statement writes an audit entry `record.read` for each row: who, when,
 * which row, what for. The application's role has no other way to these columns.
 *
 * @returns whole rows as in json: times are text, and a `numeric` comes as a number, so money belongs in other columns
 * @throws {DataError} 42809 when the table has no sensitive columns, 22023 for more than 1,000 ids
 */
export async function readSensitive<Row = Record<string, unknown>>(
  reader: Reader,
  { table, ids, purpose }: SensitiveRead,
): Promise<Row[]> {
  const { rows } = await reader.query<{ fields: Row }>(
    'select f as fields from bulkhead.read_sensitive($1, $2, $3) f',
    [table, ids, purpose],
  );
  return rows.map(({ fields }) => fields);
}
