import { DataError } from './errors.ts';
import { FlightError, failureOf, type FlightResult } from './flight.ts';
import type { Step } from './flightBytes.ts';
import type { Lease, RunOptions, SessionPorts } from './ports.ts';
import { cleanUp, command, contextStep, unlock, wantedStep, type Statement } from './prologue.ts';

export type TransactionOptions = {
  /** default: the database's, which is read committed */
  isolation?: 'read committed' | 'repeatable read' | 'serializable' | undefined;
  /** default false */
  readOnly?: boolean | undefined;
};

/** A savepoint that was set. */
export type Mark = { readonly name: string };

type Ports = SessionPorts & { fail(error: unknown, statement?: Statement): DataError };

const isolations: ReadonlySet<string> = new Set(['read committed', 'repeatable read', 'serializable']);

/** @throws {DataError} `statement_refused` when a caller without types passes anything but an isolation level */
function beginText({ isolation, readOnly }: TransactionOptions): string {
  const modes: string[] = [];
  if (isolation !== undefined) {
    if (!isolations.has(isolation)) throw new DataError('statement_refused');
    modes.push(`isolation level ${isolation}`);
  }
  if (readOnly === true) modes.push('read only');
  return `begin ${modes.join(', ')}`.trim();
}

/**
 * A transaction on one connection. Its caller makes one call at a time, and ends it with `commit` or `rollback`.
 * BEGIN and savepoints travel with the statement that follows them.
 */
export class OpenTransaction {
  readonly #ports: Ports;
  readonly #request: string;
  #lease: Lease | undefined;
  /** commands that wait for the next statement */
  #waiting: Step[];
  #context: Step | undefined;
  #token = '';
  #marks = 0;
  #inert = true;
  #over = false;
  #failure: DataError | undefined;

  constructor(ports: Ports, request: string, options: TransactionOptions) {
    this.#ports = ports;
    this.#request = request;
    this.#waiting = [command(beginText(options))];
  }

  /** @throws {DataError} */
  async run<Row>(statement: Statement, options: RunOptions = {}): Promise<FlightResult<Row>> {
    this.#check();
    try {
      return await this.#run<Row>(statement, options);
    } catch (error) {
      throw this.#ports.fail(error, statement);
    }
  }

  /** Sets a savepoint with the next statement. */
  mark(): Mark {
    this.#check();
    const name = `bulkhead_${(this.#marks += 1)}`;
    this.#waiting.push(command(`savepoint ${name}`));
    return { name };
  }

  /** Keeps what was done since, and forgets the savepoint. */
  async release(mark: Mark): Promise<void> {
    if (!this.#dropUnsent(mark, false)) await this.#command([`release savepoint ${mark.name}`]);
  }

  /** Undoes what was done since; the savepoint stays. */
  async rollbackTo(mark: Mark): Promise<void> {
    if (!this.#dropUnsent(mark, true)) await this.#undo([`rollback to savepoint ${mark.name}`]);
  }

  /** Undoes what was done since, and forgets the savepoint. */
  async undo(mark: Mark): Promise<void> {
    if (this.#dropUnsent(mark, false)) return;
    await this.#undo([`rollback to savepoint ${mark.name}`, `release savepoint ${mark.name}`]);
  }

  /**
   * @throws {DataError} `transaction_aborted` when a statement had failed; `database_unavailable` when the connection
   *   was lost, in which case it is not known whether the transaction was saved
   */
  async commit(): Promise<void> {
    this.#check();
    this.#over = true;
    const lease = this.#lease;
    if (this.#failure !== undefined) {
      const cause = this.#failure;
      if (lease !== undefined) await this.#abort(lease);
      throw this.#ports.fail(new DataError('transaction_aborted', { cause }));
    }
    if (lease !== undefined) await this.#commit(lease);
  }

  /** Never throws: a connection that cannot roll back is destroyed. Does nothing after the end. */
  async rollback(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    if (this.#lease !== undefined) await this.#abort(this.#lease);
  }

  #check(): void {
    if (this.#over) throw new DataError('transaction_over');
  }

  async #run<Row>(statement: Statement, options: RunOptions): Promise<FlightResult<Row>> {
    const { inert } = this.#ports.judge.judge(statement.text);
    const wanted = wantedStep(statement);
    try {
      this.#lease ??= await this.#ports.lease();
      this.#inert &&= inert;
      return await this.#fly<Row>(this.#lease, wanted, options);
    } catch (error) {
      // From here on the transaction cannot be saved, even when its caller swallows the error.
      this.#failure = failureOf(error);
      this.#token = '';
      throw error;
    }
  }

  async #fly<Row>(lease: Lease, wanted: Step, options: RunOptions): Promise<FlightResult<Row>> {
    const { names } = lease;
    const before = [...this.#waiting, ...this.#freshContext()];
    const steps = [...before, wanted].map((step) => names?.apply(step) ?? step);
    this.#waiting = [];
    try {
      const { result } = await lease.fly<Row>({ steps, wanted: before.length, ...options });
      names?.confirm(steps, result.fields);
      this.#ports.inspect(result);
      return result;
    } catch (error) {
      names?.doubt(steps);
      throw error;
    }
  }

  /** The context again whenever the sealer minted a new token, so that a long transaction does not outlive its own. */
  #freshContext(): Step[] {
    const token = this.#ports.seal();
    if (token === this.#token) return [];
    this.#token = token;
    this.#context = contextStep(token, this.#request);
    return [this.#context];
  }

  /** A savepoint that was never sent needs no undoing; what waits behind it lies inside it. */
  #dropUnsent(mark: Mark, keep: boolean): boolean {
    this.#check();
    const at = this.#waiting.findIndex(({ text }) => text === `savepoint ${mark.name}`);
    if (at >= 0) this.#waiting.length = keep ? at + 1 : at;
    return at >= 0;
  }

  async #undo(texts: string[]): Promise<void> {
    await this.#command(texts);
    this.#failure = undefined;
    // The savepoint may be older than the token in use.
    this.#token = '';
  }

  async #command(texts: string[]): Promise<void> {
    this.#waiting = [];
    const steps = texts.map(command);
    try {
      await this.#lease?.fly({ steps, wanted: steps.length });
    } catch (error) {
      this.#failure = failureOf(error);
      throw this.#ports.fail(error);
    }
  }

  async #commit(lease: Lease): Promise<void> {
    const before = this.#inert || this.#context === undefined ? [] : cleanUp(this.#context);
    try {
      const { flight } = await lease.fly({ steps: [...before, command('commit')], wanted: before.length });
      if (flight.commands.at(-1) !== 'COMMIT') throw new DataError('transaction_aborted');
      lease.release(false);
    } catch (error) {
      await this.#abort(lease, error);
      throw this.#ports.fail(unknownOutcome(error));
    }
  }

  async #abort(lease: Lease, error?: unknown): Promise<void> {
    if (error instanceof FlightError && error.broken) {
      lease.release(true);
      return;
    }
    const steps = [command('rollback'), ...(this.#inert ? [] : [unlock])];
    const broken = await lease.fly({ steps, wanted: steps.length }).then(
      () => false,
      () => true,
    );
    lease.release(broken);
  }
}

function unknownOutcome(error: unknown): unknown {
  if (!(error instanceof FlightError && error.broken)) return error;
  const message = 'The connection was lost while saving. Whether it was saved is not known.';
  return new DataError('database_unavailable', { message, cause: error.cause });
}
