import type { Tally } from './counters.ts';
import type { Flight, FlightResult, FlightShape } from './flight.ts';
import type { StatementNames } from './flightNames.ts';
import type { StatementJudge } from './statement.ts';

/** What `query` answers. */
export type QueryResult<Row> = { rows: Row[]; rowCount: number };

/** How an adapter wants its rows. */
export type RunOptions = Pick<FlightShape, 'rowMode' | 'types'>;

/** One client checked out of the pool. */
export type Lease = {
  /** @throws {FlightError} */
  fly<Row>(shape: FlightShape): Promise<{ result: FlightResult<Row>; flight: Flight }>;
  /** Gives the client back; one that is broken or not idle is destroyed instead. */
  release(broken: boolean): void;
  /** the statements the connection keeps; undefined when every statement goes unnamed */
  names: StatementNames | undefined;
};

/** What a session needs of its pool. */
export type SessionPorts = {
  lease(): Promise<Lease>;
  judge: StatementJudge;
  tally: Tally;
  /** the context's token, still valid for at least half its life */
  seal(): string;
  /** counts the statement and samples its rows */
  inspect(result: FlightResult<unknown>): void;
};
