/** What bounds one attempt. */
export type Limits = {
  /** milliseconds a statement may take in Postgres */
  milliseconds: number;
  /** rows that are read */
  rows: number;
  /** bytes that are read off the wire before the connection is cut */
  bytes: number;
  /** characters of one value that are shown */
  cell: number;
};

export const standardLimits: Limits = { milliseconds: 2000, rows: 50, bytes: 256 * 1024, cell: 500 };
