/** A service with every mistake that lets SQL in, connected as the application. For tests only. */
import pg from 'pg';
import type { Connection } from '../harness/index.ts';

/** Where the user's input ends up in SQL text. All but `parameter` allow several statements at once. */
export type Hole = 'where' | 'order by' | 'insert' | 'script' | 'parameter';

const holes: Readonly<Record<Hole, (input: string) => string>> = {
  where: (input) => `select id, tenant_id, code from lab.note where code = '${input}'`,
  'order by': (input) => `select id, tenant_id, code from lab.note order by ${input}`,
  insert: (input) => `insert into lab.folder (code) values ('${input}')`,
  script: (input) => input,
  parameter: (input) => `select id, tenant_id, code from lab.note where code = '${input}' and $1::boolean`,
};

export type Answer = { sqlstate: string | undefined; message: string; results: Record<string, unknown>[][] };

export class VulnerableService {
  readonly #client: pg.Client;

  constructor(connection: Connection) {
    this.#client = new pg.Client(connection);
  }

  connect(): Promise<unknown> {
    return this.#client.connect();
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  /** One request: context, the query with the hole, commit. The connection is used again for the next request. */
  async request(token: string, hole: Hole, input: string): Promise<Answer> {
    try {
      await this.#client.query('begin');
      await this.#client.query(`select set_config('bulkhead.context', $1, true)`, [token]);
      const text = holes[hole](input);
      const answer: unknown = await (hole === 'parameter'
        ? this.#client.query(text, [true])
        : this.#client.query(text));
      await this.#client.query('commit');
      const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryResult<
        Record<string, unknown>
      >[];
      return { sqlstate: undefined, message: '', results: results.map(({ rows }) => rows) };
    } catch (error) {
      await this.#client.query('rollback');
      if (!(error instanceof pg.DatabaseError)) throw error;
      return { sqlstate: error.code, message: error.message, results: [] };
    }
  }
}
