import type pg from 'pg';

/** Makes the scan's own transaction a savepoint of the one that is open, so that it sees what is not committed. */
export function insideTransaction(client: pg.Client): pg.Client {
  const query = client.query.bind(client) as (text: string) => Promise<pg.QueryResult>;
  const instead = (text: string): string => {
    if (text.startsWith('begin')) return 'savepoint scan';
    return text === 'rollback' ? 'rollback to savepoint scan' : text;
  };
  return Object.create(client, { query: { value: (text: string) => query(instead(text)) } }) as pg.Client;
}
