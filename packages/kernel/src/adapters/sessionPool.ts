import pg from 'pg';
import type { CustomTypesConfig, FieldDef } from 'pg';
import { DataError } from '../errors.ts';
import type { FlightResult } from '../flight.ts';
import type { TenantSession } from '../session.ts';
import type { Mark, OpenTransaction, TransactionOptions } from '../transactionState.ts';
import { parseControl, type Control } from './control.ts';

/** A query as ORMs hand it to `pg`. */
export type SessionQuery = {
  text: string;
  values?: readonly unknown[] | undefined;
  rowMode?: 'array' | undefined;
  types?: CustomTypesConfig | undefined;
};

/** What `pg` answers. */
export type SessionResult = {
  command: string;
  rowCount: number;
  oid: number;
  rows: unknown[];
  fields: FieldDef[];
};

const done = (command: string): SessionResult => ({ command, rowCount: 0, oid: 0, rows: [], fields: [] });
const answer = (result: FlightResult<unknown>): SessionResult => ({ ...result, oid: 0 });

/**
 * What an ORM takes for a client checked out of a `pg` pool. It has no connection of its own: a statement outside a
 * transaction is a single flight, and BEGIN waits for the first statement.
 */
export class SessionClient {
  readonly #session: TenantSession;
  readonly #explain: (error: unknown) => unknown;
  #tail: Promise<unknown> = Promise.resolve();
  #asked: TransactionOptions | undefined;
  #open: OpenTransaction | undefined;
  #marks: { name: string; mark: Mark }[] = [];

  constructor(session: TenantSession, explain: (error: unknown) => unknown) {
    this.#session = session;
    this.#explain = explain;
  }

  /** Calls run one after the other, as on a connection. */
  query(query: string | SessionQuery, values?: readonly unknown[]): Promise<SessionResult> {
    const statement =
      typeof query === 'string' ? { text: query, values } : { ...query, values: values ?? query.values };
    const result = this.#tail
      .then(() => this.#query(statement))
      .catch((error: unknown) => {
        throw this.#explain(error);
      });
    this.#tail = result.catch(() => {});
    return result;
  }

  /** Ends a transaction that was left open. */
  release(): void {
    this.#tail = this.#tail.then(() => this.#end('rollback'));
  }

  /** ORMs listen for lost connections; those are the tenant pool's affair. */
  on(): this {
    return this;
  }

  removeListener(): this {
    return this;
  }

  async #query(statement: SessionQuery): Promise<SessionResult> {
    const control = parseControl(statement.text);
    if (control !== undefined) return await this.#control(control);
    const { text, values, rowMode, types } = statement;
    const runner = this.#asked === undefined ? this.#session : this.#transaction(this.#asked);
    return answer(await runner.run({ text, values }, { rowMode, types }));
  }

  #transaction(options: TransactionOptions): OpenTransaction {
    this.#open ??= this.#session.begin(options);
    return this.#open;
  }

  async #control(control: Control): Promise<SessionResult> {
    switch (control.verb) {
      case 'begin':
      case 'set transaction':
        return this.#ask(control.verb, control.options);
      case 'commit':
      case 'rollback':
        await this.#end(control.verb);
        return done(control.verb.toUpperCase());
      case 'savepoint':
        if (this.#asked === undefined) throw outside();
        this.#marks.push({ name: control.name, mark: this.#transaction(this.#asked).mark() });
        return done('SAVEPOINT');
      case 'rollback to':
      case 'release':
        await this.#leave(control.verb, control.name);
        return done(control.verb === 'release' ? 'RELEASE' : 'ROLLBACK');
    }
  }

  #ask(verb: 'begin' | 'set transaction', options: TransactionOptions): SessionResult {
    const begun = this.#asked !== undefined;
    if (begun === (verb === 'begin') || this.#open !== undefined) throw outside();
    this.#asked = { ...this.#asked, ...options };
    return done(verb === 'begin' ? 'BEGIN' : 'SET');
  }

  async #end(verb: 'commit' | 'rollback'): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#asked = undefined;
    this.#marks = [];
    await open?.[verb]();
  }

  async #leave(verb: 'rollback to' | 'release', name: string): Promise<void> {
    const at = this.#marks.findLastIndex((each) => each.name === name);
    const found = this.#marks[at];
    if (found === undefined || this.#open === undefined) throw outside();
    this.#marks.length = verb === 'release' ? at : at + 1;
    await (verb === 'release' ? this.#open.release(found.mark) : this.#open.rollbackTo(found.mark));
  }
}

const outside = (): DataError =>
  new DataError('statement_refused', { message: 'A transaction command came where none is possible.' });

/**
 * What an ORM takes for a `pg` pool: every client and query it gives out runs under the session's context. It holds no
 * connection; ending it does nothing, because the connections belong to the TenantPool.
 */
export class SessionPool extends pg.Pool {
  readonly #session: TenantSession;
  readonly #explain: (error: unknown) => unknown;

  /** @param explain what to throw for an error; default the DataError itself */
  constructor(session: TenantSession, explain: (error: unknown) => unknown = (error) => error) {
    super({});
    this.#session = session;
    this.#explain = explain;
    Object.assign(this, {
      connect: async () => this.#client(),
      query: (query: string | SessionQuery, values?: readonly unknown[]) =>
        this.#client().query(query, values),
      end: async () => {},
    });
  }

  #client(): SessionClient {
    return new SessionClient(this.#session, this.#explain);
  }
}
