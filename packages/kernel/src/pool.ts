import pg from 'pg';
import type { PoolClient, PoolConfig } from 'pg';
import type { Context, ContextSealer, RequestInfo } from './context.ts';
import { foreignRows, Tally, type Counters, type TenantCounters } from './counters.ts';
import { DataError, toDataError } from './errors.ts';
import { Flight, FlightError, type FlightResult, type FlightShape } from './flight.ts';
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
   * Whether a connection keeps up to 250 plans. `auto` (default) keeps them where the connection leads to Postgres itself
   * and not where a pooler stands between; `named` keeps them always, which needs PgBouncer 1.21 or newer
   */
  statements?: 'auto' | 'named' | 'unnamed' | undefined;
  events?: PoolEvents | undefined;
};

/**
 * Connections to the tenants' data. There is no way to run a statement but under a context: `db.as(context)`.
 */
export class TenantPool {
  readonly #pool: pg.Pool;
  readonly #sealer: ContextSealer;
  readonly #events: PoolEvents;
  readonly #statements: 'auto' | 'named' | 'unnamed';
  readonly #tally = new Tally();
  readonly #judge = new StatementJudge();
  readonly #names = new WeakMap<PoolClient, StatementNames | 'none'>();

  constructor(options: TenantPoolOptions) {
    this.#sealer = options.sealer;
    this.#events = options.events ?? {};
    this.#statements = options.statements ?? 'auto';
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
    // A copy, so that nobody can turn a session towards another tenant.
    const own = Object.freeze({ ...context, actor: Object.freeze({ ...context.actor }) });
    return new TenantSession(
      {
        lease: () => this.#lease(),
        judge: this.#judge,
        tally: this.#tally,
        seal: () => this.#sealer.seal(own),
        inspect: (result) => this.#inspect(own.tenant, result),
      },
      own,
      request,
    );
  }

  counters(): Counters {
    return this.#tally.read();
  }

  /** What was done under each tenant's contexts since the last call; one caller, which adds it up. */
  takeTenantCounters(): ReadonlyMap<string, TenantCounters> {
    return this.#tally.takeTenants();
  }

  /** How many connections there are, how many of them idle, and how many statements wait for one. */
  usage(): { totalCount: number; idleCount: number; waitingCount: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { totalCount, idleCount, waitingCount };
  }

  /** Waits for the statements under way, then closes every connection. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #lease(): Promise<Lease> {
    const { client, release } = await this.#connect();
    const known = this.#names.get(client);
    if (known !== undefined) return leaseOf(client, release, known);
    const names = (await this.#mayName(client, release)) ? new StatementNames() : 'none';
    this.#names.set(client, names);
    return leaseOf(client, release, names);
  }

  #connect(): Promise<{ client: PoolClient; release: Release }> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client, release) => {
        if (client === undefined || error !== undefined) reject(unreachable(error));
        else resolve({ client, release });
      });
    });
  }

  /** Whether what one flight prepares will be there for the next. */
  async #mayName(client: PoolClient, release: Release): Promise<boolean> {
    if (this.#statements !== 'auto') return this.#statements === 'named';
    try {
      return await isDirect(client);
    } catch (error) {
      release(true);
      throw unreachable(error instanceof FlightError ? error.cause : error);
    }
  }

  #inspect(tenant: string, result: FlightResult<unknown>): void {
    this.#tally.statement(tenant);
    const rows = foreignRows(result.rows, result.fields, tenant);
    if (rows === 0) return;
    this.#tally.crossTenantRows(rows, tenant);
    this.#events.crossTenantRows?.({ tenant, rows });
  }
}

type Release = (destroy?: boolean) => void;

function leaseOf(client: PoolClient, release: Release, names: StatementNames | 'none'): Lease {
  return {
    fly: (shape) => fly(client, shape),
    release: (broken) => release(broken || client.getTransactionStatus() !== 'I'),
    names: names === 'none' ? undefined : names,
  };
}

/** A pooler makes up the process id that it tells its clients, because they have no server process of their own. */
async function isDirect(client: PoolClient): Promise<boolean> {
  const steps = [{ text: 'select pg_catalog.pg_backend_pid() as pid', values: [], describe: true }];
  const { result } = await fly<{ pid: number }>(client, { steps, wanted: 0 });
  return result.rows[0]?.pid === (client as PoolClient & { processID: number | null }).processID;
}

/** A refusal while connecting (wrong password, too many connections, nobody listening) is never the statement's fault. */
function unreachable(error: unknown): DataError {
  const { sqlstate, cause } = toDataError(error);
  return new DataError('database_unavailable', { sqlstate, cause });
}

/** Enough for most flights. */
const scratchSize = 4096;
const scratches = new WeakMap<PoolClient, Buffer>();

/**
 * Every flight of a connection is encoded into the same bytes: the answer to one, which the next waits for, comes after
 * its last byte was read.
 */
function scratchOf(client: PoolClient): Buffer {
  let scratch = scratches.get(client);
  if (scratch === undefined) scratches.set(client, (scratch = Buffer.allocUnsafeSlow(scratchSize)));
  return scratch;
}

function fly<Row>(
  client: PoolClient,
  shape: FlightShape,
): Promise<{ result: FlightResult<Row>; flight: Flight }> {
  return new Promise((resolve, reject) => {
    const settle = (error: FlightError | undefined, flight: Flight): void => {
      if (error === undefined) resolve({ result: flight.result<Row>(), flight });
      else reject(error);
    };
    client.query(new Flight(shape, { settle, scratch: scratchOf(client) }));
  });
}
