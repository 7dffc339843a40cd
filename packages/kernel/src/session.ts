import { refuseBatch, straddlers, type BatchMember } from './batch.ts';
import type { Context, RequestInfo } from './context.ts';
import { explainDelete, type DataError } from './errors.ts';
import { FlightError, failureOf, type FlightResult } from './flight.ts';
import type { Step } from './flightBytes.ts';
import type { Lease, QueryResult, RunOptions, SessionPorts } from './ports.ts';
import { cleanUp, contextStep, encodeRequest, unlock, wantedStep, type Statement } from './prologue.ts';
import { TenantTransaction } from './transaction.ts';
import { OpenTransaction, type TransactionOptions } from './transactionState.ts';

/** One actor's view of one tenant's data. Made by `TenantPool.as`. */
export class TenantSession {
  readonly context: Context;
  readonly #ports: SessionPorts;
  readonly #request: string;

  constructor(ports: SessionPorts, context: Context, request: RequestInfo | undefined) {
    this.#ports = ports;
    this.context = context;
    this.#request = encodeRequest(request);
  }

  /**
   * Runs one statement in one round trip, as a transaction of its own.
   * @param text one select, insert, update, delete, merge, with, values or table statement with $1, $2 …
   * @throws {DataError}
   */
  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.run<Row>({ text, values });
    return { rows, rowCount };
  }

  /**
   * As `query`, with the fields and the command tag, and rows in the form that an adapter asks for.
   * @throws {DataError}
   */
  async run<Row>(statement: Statement, options: RunOptions = {}): Promise<FlightResult<Row>> {
    try {
      return await this.#fly<Row>(statement, options);
    } catch (error) {
      const failure = this.#failed(error, statement);
      if (failure.code !== 'retry' || failure.sqlstate !== '0A000') throw failure;
    }
    // A kept plan was out of date and nothing ran; by now it is forgotten.
    try {
      return await this.#fly<Row>(statement, options);
    } catch (error) {
      throw this.#failed(error, statement);
    }
  }

  /**
   * Runs `work` in a transaction and commits, or rolls back and rethrows what `work` threw. BEGIN, the context and the
   * first statement share a round trip; without a statement no connection is taken.
   * @throws {DataError} `transaction_aborted` when `work` swallowed a failed statement, so that nothing was saved
   */
  async transaction<T>(
    work: (tx: TenantTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const open = this.begin(options);
    const tx = new TenantTransaction(open);
    let value: T;
    try {
      value = await work(tx);
    } catch (error) {
      await tx.end();
      await open.rollback();
      throw error;
    }
    await tx.end();
    await open.commit();
    return value;
  }

  /** A transaction that the caller must commit or roll back, for adapters; prefer `transaction`. */
  begin(options: TransactionOptions = {}): OpenTransaction {
    return new OpenTransaction(
      { ...this.#ports, fail: (error, statement) => this.#failed(error, statement) },
      this.#request,
      options,
    );
  }

  /**
   * Runs the statements in one transaction and answers in order. When any names another tenant than this session's,
   * none runs, and the refusal is counted and audited.
   * @throws {DataError} `batch_straddles_tenants`
   */
  async batch(members: readonly BatchMember[]): Promise<QueryResult<Record<string, unknown>>[]> {
    if (straddlers(this.context.tenant, members).length > 0) await this.refuseBatch(members);
    return await this.transaction(async (tx) => {
      const results: QueryResult<Record<string, unknown>>[] = [];
      for (const { text, values } of members) results.push(await tx.query(text, values));
      return results;
    });
  }

  /**
   * Counts and audits a batch whose members name other tenants, and throws.
   * @throws {DataError} `batch_straddles_tenants`, always
   */
  async refuseBatch(members: readonly { tenant?: string | undefined }[]): Promise<never> {
    this.#ports.tally.failure('batch_straddles_tenants', this.context.tenant);
    return await refuseBatch(this, members);
  }

  async #fly<Row>(statement: Statement, options: RunOptions): Promise<FlightResult<Row>> {
    const { inert } = this.#ports.judge.judge(statement.text);
    const wanted = wantedStep(statement);
    const lease = await this.#ports.lease();
    let steps: Step[] = [];
    let result: FlightResult<Row>;
    try {
      const context = contextStep(this.#ports.seal(), this.#request);
      steps = [context, wanted, ...(inert ? [] : cleanUp(context))];
      if (lease.names !== undefined) steps = steps.map((step) => lease.names?.apply(step) ?? step);
      ({ result } = await lease.fly<Row>({ steps, wanted: 1, ...options }));
    } catch (error) {
      lease.names?.doubt(steps);
      lease.release(await isBroken(lease, error, inert));
      throw error;
    }
    lease.names?.confirm(steps, result.fields);
    lease.release(false);
    this.#ports.inspect(result);
    return result;
  }

  #failed(error: unknown, statement?: Statement): DataError {
    const mapped = failureOf(error);
    const deletes =
      statement !== undefined && mapped.code === 'privilege_refused' && this.#deletes(statement);
    const failure = deletes ? explainDelete(mapped) : mapped;
    this.#ports.tally.failure(failure.code, this.context.tenant);
    return failure;
  }

  #deletes({ text }: Statement): boolean {
    return this.#ports.judge.judge(text).deletes;
  }
}

/** Whether the connection is lost. What survives an aborted transaction, advisory locks, is dropped on the way. */
async function isBroken(lease: Lease, error: unknown, inert: boolean): Promise<boolean> {
  if (error instanceof FlightError && error.broken) return true;
  if (inert) return false;
  return await lease.fly({ steps: [unlock], wanted: 0 }).then(
    () => false,
    () => true,
  );
}
