import pg from 'pg';
import type { RequestInfo } from './context.ts';
import { DataError } from './errors.ts';
import type { Step } from './flightBytes.ts';

/** A statement as a session takes it. */
export type Statement = {
  text: string;
  values?: readonly unknown[] | undefined;
};

const most = 65_535;

/** pg's conversion of values, which its type package leaves out. */
const { utils } = pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } };

/**
 * The step of a statement whose rows are wanted. Values are converted as pg converts them.
 * @throws {DataError} `invalid_value` when a value cannot be converted or there are more than 65,535
 */
export function wantedStep(statement: Statement): Step {
  const values = statement.values ?? [];
  if (values.length > most) {
    throw new DataError('invalid_value', { message: 'A statement takes at most 65,535 values.' });
  }
  try {
    return { text: statement.text, values: values.map((value) => utils.prepareValue(value)), describe: true };
  } catch (cause) {
    throw new DataError('invalid_value', { cause });
  }
}

/** The request as the audit trigger reads it. */
export function encodeRequest(request: RequestInfo | undefined): string {
  if (request === undefined) return '';
  return JSON.stringify({ id: request.id, ip: request.ip, agent: request.userAgent });
}

// Session-level advisory locks are the one thing that an aborted statement leaves behind, so each flight begins by
// dropping whatever the connection's former user kept.
// None of the three is ever null: all are called, and no row comes back.
const settings = `select where pg_catalog.set_config('bulkhead.context', $1, true) is null
or pg_catalog.set_config('bulkhead.request', $2, true) is null or pg_catalog.pg_advisory_unlock_all() is null`;

/** Puts the context in place for the rest of the transaction. */
export function contextStep(token: string, request: string): Step {
  return { text: settings, values: [token, request] };
}

export const command = (text: string): Step => ({ text, values: [] });

export const unlock: Step = command('select pg_catalog.pg_advisory_unlock_all()');

/**
 * Undoes what a function may have left in the session, in the same transaction, so that it never outlives it. The
 * context is put back for the triggers that run at commit.
 */
export const cleanUp = (context: Step): Step[] => [command('reset all'), command('reset role'), context];
