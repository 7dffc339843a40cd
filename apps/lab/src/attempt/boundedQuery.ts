import pg from 'pg';
import type { Connection, QueryResult } from 'pg';

/** `pg`'s query, of which its type package shows only the outside. */
type Query = new (
  config: object,
  values: undefined,
  callback: (error: Error | null, result: QueryResult<(string | null)[]>) => void,
) => { handlePortalSuspended(connection: Connection): void };

const asText = { getTypeParser: () => (value: string | null) => value };

/**
 * One statement through the extended protocol, which knows no second one, read up to a number of rows. `pg` itself
 * would go on asking until it has them all.
 */
export function boundedQuery(
  client: pg.Client,
  { text, rows }: { text: string; rows: number },
): Promise<{ result: QueryResult<(string | null)[]>; truncated: boolean }> {
  return new Promise((resolve, reject) => {
    let truncated = false;
    class Bounded extends (pg.Query as unknown as Query) {
      override handlePortalSuspended(connection: Connection): void {
        truncated = true;
        connection.sync();
      }
    }
    const config = { text, rows, rowMode: 'array', types: asText, queryMode: 'extended' };
    const done = (error: Error | null, result: QueryResult<(string | null)[]>): void => {
      if (error === null) resolve({ result, truncated });
      else reject(error);
    };
    client.query(new Bounded(config, undefined, done) as unknown as pg.Submittable);
  });
}
