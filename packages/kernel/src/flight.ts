import pg from 'pg';
import type { Connection, CustomTypesConfig, FieldDef } from 'pg';
import { DataError, endsConnection, toDataError } from './errors.ts';
import { encodeFlight, type Step } from './flightBytes.ts';

/** What the wanted statement of a flight answered. */
export type FlightResult<Row> = {
  rows: Row[];
  rowCount: number;
  /** the command tag's verb: SELECT, INSERT, COMMIT … */
  command: string;
  fields: FieldDef[];
};

export type FlightShape = {
  steps: Step[];
  /** index of the step whose rows are wanted */
  wanted: number;
  rowMode?: 'array' | undefined;
  types?: CustomTypesConfig | undefined;
};

/** pg's own result object, of which its type package shows only the outside. */
type Rows = {
  rows: unknown[];
  rowCount: number | null;
  command: string | null;
  fields: FieldDef[];
  addFields(fields: FieldDef[]): void;
  parseRow(values: unknown[]): unknown;
  addRow(row: unknown): void;
  addCommandComplete(message: { text: string }): void;
};
const Result = pg.Result as unknown as new (rowMode?: string, types?: CustomTypesConfig) => Rows;

/** A failed flight: the step at which Postgres stopped, and whether the connection can still be used. */
export class FlightError extends Error {
  readonly step: number;
  readonly broken: boolean;

  constructor(cause: unknown, step: number, broken: boolean) {
    super('the flight failed', { cause });
    this.step = step;
    this.broken = broken;
  }
}

/** The DataError for whatever running a statement threw. */
export function failureOf(error: unknown): DataError {
  if (!(error instanceof FlightError)) return toDataError(error);
  const mapped = toDataError(error.cause);
  const lost = error.broken && mapped.code === 'internal';
  return lost ? new DataError('database_unavailable', { cause: error.cause }) : mapped;
}

type Settle = (error: FlightError | undefined, flight: Flight) => void;

type Wire = Connection & { stream: { write(bytes: Buffer): boolean; destroy(): void } };

/**
 * Several statements sent in one write and ended by a single Sync, as one query of a `pg` client. It settles when the
 * server is ready for the next query and never before, also after an error, so that no late message of one flight can
 * reach the next (T-21).
 */
export class Flight {
  /** `pg` fills in the client's type parsers under this name. */
  readonly _result: Rows;
  /** the command tag of each step that completed */
  readonly commands: string[];
  /** steps completed */
  completed = 0;
  readonly #bytes: Buffer;
  readonly #known: FieldDef[] | undefined;
  readonly #wanted: number;
  readonly #settle: Settle;
  #failure: unknown;
  #settled = false;

  /** @param options.scratch the connection's own buffer, free while no flight is under way */
  constructor(shape: FlightShape, { settle, scratch }: { settle: Settle; scratch?: Buffer }) {
    this.#bytes = encodeFlight(shape.steps, scratch);
    this.#known = shape.steps[shape.wanted]?.fields;
    this.#wanted = shape.wanted;
    this.#settle = settle;
    this.commands = shape.steps.map(() => '');
    this._result = new Result(shape.rowMode, shape.types);
  }

  result<Row>(): FlightResult<Row> {
    const { rows, rowCount, command, fields } = this._result;
    return { rows: rows as Row[], rowCount: rowCount ?? 0, command: command ?? '', fields };
  }

  submit(connection: Connection): void {
    if (this.#known !== undefined) this.#describe(this.#known);
    (connection as Wire).stream.write(this.#bytes);
  }

  handleRowDescription(message: { fields: FieldDef[] }): void {
    this.#describe(message.fields);
  }

  /** Looks up the type parsers, which may be the caller's own and throw. */
  #describe(fields: FieldDef[]): void {
    try {
      this._result.addFields(fields);
    } catch (error) {
      this.#failure = error;
    }
  }

  handleDataRow(message: { fields: unknown[] }): void {
    if (this.completed !== this.#wanted || this.#failure !== undefined) return;
    try {
      this._result.addRow(this._result.parseRow(message.fields));
    } catch (error) {
      // A type parser threw: the rest of the answer must still be read off the wire.
      this.#failure = error;
    }
  }

  handleCommandComplete(message: { text: string }): void {
    if (this.completed === this.#wanted) this._result.addCommandComplete(message);
    this.commands[this.completed] = message.text;
    this.completed += 1;
  }

  handleEmptyQuery(): void {
    this.completed += 1;
  }

  /** Rows are always asked for whole and copies never, so either answer means that the protocol is out of step. */
  handlePortalSuspended(connection: Connection): void {
    this.#abandon(connection, 'Postgres suspended a portal that was to be read whole');
  }

  handleCopyInResponse(connection: Connection): void {
    this.#abandon(connection, 'copy is not offered here');
  }

  handleCopyData(_message: unknown, connection: Connection): void {
    this.#abandon(connection, 'copy is not offered here');
  }

  #abandon(connection: Connection, reason: string): void {
    (connection as Wire).stream.destroy();
    this.#finish(new Error(reason), true);
  }

  handleError(error: Error, connection: Connection): void {
    if (endsConnection(error)) {
      this.#finish(error, true);
      return;
    }
    // After an error `pg` forgets the query, so its ReadyForQuery has to be waited for here.
    const ready = (): void => {
      connection.removeListener('end', ended);
      this.#finish(error, false);
    };
    const ended = (): void => {
      connection.removeListener('readyForQuery', ready);
      this.#finish(error, true);
    };
    connection.once('readyForQuery', ready);
    connection.once('end', ended);
  }

  handleReadyForQuery(): void {
    this.#finish(this.#failure, false);
  }

  #finish(failure: unknown, broken: boolean): void {
    if (this.#settled) return;
    this.#settled = true;
    const error = failure === undefined ? undefined : new FlightError(failure, this.completed, broken);
    this.#settle(error, this);
  }
}
