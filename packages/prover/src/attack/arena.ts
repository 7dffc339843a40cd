import type pg from 'pg';
import { becomeSql, type Identity } from './identity.ts';
import { describe, outcomeOf, outcomeOfError, type Outcome, type Trial } from './outcome.ts';

export type Limits = {
  /** longest statement in milliseconds, default 5000 */
  statementTimeout?: number;
  /** longest wait for another's lock in milliseconds, default 500 */
  lockTimeout?: number;
};

const text = (value: string | null): string | null => value;
const types = { getTypeParser: () => text };

/** Rolled back to before every trial. */
const scene = 'bulkhead_scene';

/**
 * One transaction in which rows are made and attacks tried. Nothing in it is ever committed, and Postgres rolls it back
 * when the connection is lost.
 */
export class Arena {
  readonly #client: pg.ClientBase;
  readonly #limits: Required<Limits>;
  #journal: string[] = [];
  #identity = '';

  constructor(client: pg.ClientBase, { statementTimeout = 5000, lockTimeout = 500 }: Limits) {
    this.#client = client;
    this.#limits = { statementTimeout, lockTimeout };
  }

  /** Statements that made the present rows, in order, as they are to be pasted. */
  get journal(): readonly string[] {
    return this.#journal;
  }

  async begin(): Promise<void> {
    this.#journal = [];
    this.#identity = '';
    const { statementTimeout, lockTimeout } = this.#limits;
    await this.#query(`begin; set local statement_timeout = ${statementTimeout}; set local lock_timeout = ${lockTimeout};
      set local idle_in_transaction_session_timeout = '60s'; set local client_min_messages = error; set local jit = off;
      set local client_connection_check_interval = ${this.#checkInterval}; set constraints all immediate`);
  }

  /** Lets a long statement of a prover that was killed end; Postgres refuses it where the platform cannot tell. */
  get #checkInterval(): number {
    return process.platform === 'linux' ? 1000 : 0;
  }

  /** Runs statements that stay if all succeed; `identity` null is the connection's own role. */
  async prepare(identity: Identity | null, statements: string): Promise<Outcome> {
    const wanted = identity === null ? '' : becomeSql(identity);
    const change = wanted === this.#identity ? [] : [this.#leave, ...(wanted === '' ? [] : [wanted])];
    const steps = [...change, statements];
    const outcome = await this.#query(`savepoint bulkhead_step; ${steps.join('; ')}`);
    if (outcome.kind === 'error') {
      await this.#query('rollback to savepoint bulkhead_step');
      return outcome;
    }
    this.#journal.push(...steps.filter((step) => step !== ''));
    this.#identity = wanted;
    return outcome;
  }

  /** Back to the connection's own role from whatever identity was taken. */
  get #leave(): string {
    if (this.#identity.includes('session authorization')) return 'set local session authorization default';
    return this.#identity.includes('set local role') ? 'set local role none' : '';
  }

  /** SQL that goes back to the connection's own role within a trial. */
  static leaving(identity: Identity): string {
    if (identity.login !== null) return 'set local session authorization default';
    return identity.role === null ? 'select 1' : 'set local role none';
  }

  /** Marks the rows as made; trials start from here. */
  async mark(): Promise<void> {
    await this.#query(`savepoint ${scene}`);
  }

  /** Undoes everything since the latest mark and forgets the mark, so that trials start from the one before. */
  async unmark(): Promise<void> {
    await this.#query(
      `rollback to savepoint ${scene}; release savepoint ${scene}; rollback to savepoint ${scene}`,
    );
  }

  /** Runs steps from the mark; what an earlier trial did is undone first, in the same round trip. */
  async trial(steps: readonly string[]): Promise<Trial> {
    return { outcome: await this.#query(`rollback to savepoint ${scene}; ${steps.join('; ')}`), steps };
  }

  async end(): Promise<void> {
    await this.#client.query('rollback');
  }

  async #query(statements: string): Promise<Outcome> {
    try {
      const answer = await this.#client.query<(string | null)[]>({
        text: statements,
        rowMode: 'array',
        types,
      });
      return outcomeOf(answer);
    } catch (error) {
      return outcomeOfError(error);
    }
  }

  /** A statement of the prover's own, which must not fail. */
  async ask(statement: string): Promise<(string | null)[][]> {
    const outcome = await this.#query(statement);
    if (outcome.kind === 'error') throw new Error(describe(outcome));
    return outcome.values;
  }
}
