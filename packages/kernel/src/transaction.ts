import { AsyncLocalStorage } from 'node:async_hooks';
import { DataError } from './errors.ts';
import type { QueryResult } from './ports.ts';
import type { OpenTransaction } from './transactionState.ts';

/** The innermost savepoint that the running function is in. */
const innermost = new AsyncLocalStorage<TenantTransaction>();

/** A transaction under way. Calls run one after the other in the order in which they were made. */
export class TenantTransaction {
  readonly #open: OpenTransaction;
  readonly #outer: TenantTransaction | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(open: OpenTransaction, outer?: TenantTransaction) {
    this.#open = open;
    this.#outer = outer;
  }

  /**
   * Runs one statement.
   * @throws {DataError} `transaction_over` after the end
   */
  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return await this.#inTurn(async () => {
      const { rows, rowCount } = await this.#open.run<Row>({ text, values });
      return { rows, rowCount };
    });
  }

  /**
   * Runs `work` in a savepoint: when it throws, what it did is undone, the error is rethrown, and the transaction can go
   * on. Until it ends, calls on the outer transaction wait; calls on it from inside `work` are an error.
   */
  async savepoint<T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> {
    return await this.#inTurn(async () => {
      const mark = this.#open.mark();
      const inner = new TenantTransaction(this.#open, this);
      try {
        const value = await innermost.run(inner, () => work(inner));
        await inner.end();
        await this.#open.release(mark);
        return value;
      } catch (error) {
        await inner.end();
        await this.#open.undo(mark);
        throw error;
      }
    });
  }

  /** Takes no more calls, and waits for those that were made and not awaited. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#tail;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#over) throw new DataError('transaction_over');
    if (this.#isOutside()) {
      throw new DataError('transaction_over', {
        message: 'Inside a savepoint, use the handle it was given.',
      });
    }
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  /** Whether the caller runs in a savepoint below this one, where waiting for this one's turn would never end. */
  #isOutside(): boolean {
    const current = innermost.getStore();
    for (
      let scope = current === undefined ? undefined : current.#outer;
      scope !== undefined;
      scope = scope.#outer
    ) {
      if (scope === this) return true;
    }
    return false;
  }
}
