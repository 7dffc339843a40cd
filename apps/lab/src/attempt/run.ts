import pg from 'pg';
import type { Outcome } from '../contract/index.ts';
import { boundedQuery } from './boundedQuery.ts';
import type { Limits } from './limits.ts';

export type Attack = {
  /** how to connect: every attempt has a connection of its own, which nobody uses after it */
  connection: pg.ClientConfig;
  /** transaction-local settings that say for whom, sent as bind parameters */
  settings: readonly (readonly [string, string])[];
  /** one statement; a second one is a syntax error */
  sql: string;
  limits: Limits;
};

/** The socket under a client, which its type package does not show. */
type Inside = {
  connection: { stream: { on(event: 'data', listener: (bytes: Buffer) => void): void; destroy(): void } };
};

/**
 * Runs SQL that somebody hostile wrote, in a transaction that is rolled back, on a connection that is closed, so that no
 * setting, lock or prepared statement outlives it.
 */
export async function runAttack({ connection, settings, sql, limits }: Attack): Promise<Outcome> {
  const client = new pg.Client({ ...connection, application_name: 'bulkhead lab' });
  const { stream } = (client as unknown as Inside).connection;
  let stopped: 'time' | 'size' | undefined;
  const cut = (reason: 'time' | 'size') => (): void => {
    stopped ??= reason;
    stream.destroy();
  };
  // Postgres's own limit comes first; this one is for an answer that never ends to arrive.
  const watchdog = setTimeout(cut('time'), limits.milliseconds * 2 + 1000);
  let read = 0;
  client.on('error', () => {});
  try {
    await client.connect();
    stream.on('data', (bytes) => {
      read += bytes.length;
      if (read > limits.bytes) cut('size')();
    });
    await begin(client, settings, limits);
    const { result, truncated } = await boundedQuery(client, { text: sql, rows: limits.rows });
    const outcome: Outcome = {
      kind: 'rows',
      columns: result.fields.map(({ name }) => name),
      rows: result.rows.map((row) => row.map((value) => shorten(value, limits.cell))),
      truncated,
    };
    await client.query('rollback');
    return outcome;
  } catch (error) {
    return outcomeOf(error, stopped);
  } finally {
    clearTimeout(watchdog);
    // After an error the connection waits for a Sync that nobody sends. Postgres rolls back what a lost one leaves.
    stream.destroy();
  }
}

async function begin(client: pg.Client, settings: Attack['settings'], limits: Limits): Promise<void> {
  await client.query(
    `begin; set local statement_timeout = ${limits.milliseconds}; set local lock_timeout = 500;
     set local idle_in_transaction_session_timeout = ${limits.milliseconds}; set local jit = off`,
  );
  for (const setting of settings) await client.query('select set_config($1, $2, true)', [...setting]);
}

function shorten(value: string | null, length: number): string | null {
  return value === null || value.length <= length ? value : `${value.slice(0, length)}…`;
}

function outcomeOf(error: unknown, stopped: 'time' | 'size' | undefined): Outcome {
  if (stopped !== undefined) return { kind: 'stopped', reason: stopped };
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) {
    return { kind: 'stopped', reason: 'connection' };
  }
  return {
    kind: error.code === '42501' ? 'refused' : 'error',
    sqlstate: error.code,
    message: error.message.slice(0, 500),
    hint: error.hint ?? null,
  };
}
