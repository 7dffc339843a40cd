import pg from 'pg';
import type { PoolClient, PoolConfig } from 'pg';
import type { Context, ContextSealer, RequestInfo } from './context.ts';
import { foreignRows, Tally, type Counters } from './counters.ts';
import { DataError, toDataError } from './errors.ts';
import { Flight, type FlightError, type FlightResult, type FlightShape } from './flight.ts';
import { StatementNames } from './flightNames.ts';
import type { Lease } from './ports.ts';
import { TenantSession } from './session.ts';
import { StatementJudge } from './statement.ts';

/** Told about what nobody awaits: a lost idle connection, a row of another tenant. Default: nothing is told. */
export type PoolEvents = {
  /** an idle connection was lost, for instance because Postgres restarted; the pool goes on */
  connectionLost?: (error: Error) => void;
  /** sampling found rows of another tenant in a result: the database is misconfigured */
  crossTenantRows?: (found: { tenant: string; rows: number }) => void;
};

export type TenantPoolOptions = {
  /** pg's own pool options; the role should be `bulkhead_app` */
  connection: PoolConfig;
  sealer: ContextSealer;
  /**
   * `unnamed` (default) works through any PgBouncer; `named` lets a connection keep up to 250 plans, for direct
   * connections and PgBouncer 1.21 or newer
   */
  statements?: 'named' | 'unnamed' | undefined;
  events?: PoolEvents | undefined;
};

/**
 * Connections to the tenants' data. There is no way to run a statement but under a context: `db.as(context)`.
 */
export class TenantPool {
  readonly #pool: pg.Pool;
  readonly #sealer: ContextSealer;
  readonly #events: PoolEvents;
  readonly #named: boolean;
  readonly #tally = new Tally();
  readonly #judge = new StatementJudge();
  readonly #names = new WeakMap<PoolClient, StatementNames>();

  constructor(options: TenantPoolOptions) {
    this.#sealer = options.sealer;
    this.#events = options.events ?? {};
    this.#named = options.statements === 'named';
    this.#pool = new pg.Pool(options.connection);
    // Without listeners a restart of Postgres would end the process (T-70).
    this.#pool.on('error', (error) => this.#events.connectionLost?.(error));
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /**
   * The data as one actor of one tenant sees it. Costs nothing until a statement runs.
   * @param request goes into the audit entries of what the session writes
   */
  as(context: Context, request?: RequestInfo): TenantSession {
    return new TenantSession(
      {
        lease: () => this.#lease(),
        judge: this.#judge,
        tally: this.#tally,
        seal: () => this.#sealer.seal(context),
        inspect: (result) => this.#inspect(context.tenant, result),
      },
      context,
      request,
    );
  }

  counters(): Counters {
    return this.#tally.read();
  }

  /** Waits for the statements under way, then closes every connection. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  #lease(): Promise<Lease> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client, release) => {
        if (client === undefined || error !== undefined) reject(unreachable(error));
        else resolve(this.#leaseOf(client, release));
      });
    });
  }

  #leaseOf(client: PoolClient, release: (destroy?: boolean) => void): Lease {
    return {
      fly: (shape) => fly(client, shape),
      release: (broken) => release(broken || client.getTransactionStatus() !== 'I'),
      names: this.#named ? this.#namesOf(client) : undefined,
    };
  }

  #namesOf(client: PoolClient): StatementNames {
    let names = this.#names.get(client);
    if (names === undefined) this.#names.set(client, (names = new StatementNames()));
    return names;
  }

  #inspect(tenant: string, result: FlightResult<unknown>): void {
    this.#tally.statement();
    const rows = foreignRows(result.rows, result.fields, tenant);
    if (rows === 0) return;
    this.#tally.crossTenantRows(rows);
    this.#events.crossTenantRows?.({ tenant, rows });
  }
}

/** A refusal while connecting (wrong password, too many connections, nobody listening) is never the statement's fault. */
function unreachable(error: unknown): DataError {
  const { sqlstate, cause } = toDataError(error);
  return new DataError('database_unavailable', { sqlstate, cause });
}

function fly<Row>(
  client: PoolClient,
  shape: FlightShape,
): Promise<{ result: FlightResult<Row>; flight: Flight }> {
  return new Promise((resolve, reject) => {
    client.query(
      new Flight(shape, (error: FlightError | undefined, flight: Flight) => {
        if (error === undefined) resolve({ result: flight.result<Row>(), flight });
        else reject(error);
      }),
    );
  });
}
