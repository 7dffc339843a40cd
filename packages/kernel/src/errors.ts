import { ContextError } from './context.ts';

/** Every reason a statement may fail, stable across releases. */
export type DataErrorCode =
  | 'context_refused'
  | 'row_refused'
  | 'privilege_refused'
  | 'delete_refused'
  | 'statement_refused'
  | 'batch_straddles_tenants'
  | 'already_exists'
  | 'reference_missing'
  | 'still_referenced'
  | 'invalid_value'
  | 'value_missing'
  | 'retry'
  | 'timeout'
  | 'transaction_aborted'
  | 'transaction_over'
  | 'database_unavailable'
  | 'internal';

/** What each code says to a user. Nothing here depends on the data: values, names and SQL stay in `cause`. */
const messages: Record<DataErrorCode, string> = {
  context_refused: 'The request has no valid context for this data. Sign in again or repeat the request.',
  row_refused: 'The row does not belong to this tenant or company.',
  privilege_refused: 'The service may not do this to the data.',
  delete_refused: 'Rows of this kind cannot be deleted.',
  statement_refused:
    'Only a single select, insert, update, delete, merge, values or table statement may run here.',
  batch_straddles_tenants: 'The batch names more than one tenant, so none of it was done.',
  already_exists: 'Something with this value already exists.',
  reference_missing: 'It refers to something that does not exist.',
  still_referenced: 'Something else still refers to it.',
  invalid_value: 'A value is not allowed.',
  value_missing: 'A required value is missing.',
  retry: 'Another change got in the way. Try again.',
  timeout: 'It took too long and was stopped.',
  transaction_aborted: 'A statement had failed, so nothing was saved.',
  transaction_over: 'The transaction has ended.',
  database_unavailable: 'The database cannot be reached at the moment. Try again.',
  internal: 'Something went wrong.',
};

export type DataErrorDetail = {
  /** replaces the code's own message; must hold no row value and no SQL */
  message?: string | undefined;
  /** five characters, PostgreSQL documentation appendix A */
  sqlstate?: string | undefined;
  constraint?: string | undefined;
  /** schema-qualified */
  table?: string | undefined;
  /** what to do instead, when the schema says so */
  hint?: string | undefined;
  cause?: unknown;
};

/**
 * A statement that was refused or failed. `message` is fit for a user: it holds no row value and no SQL. What Postgres
 * said is in `cause`, for the log.
 */
export class DataError extends Error {
  override readonly name = 'DataError';
  readonly code: DataErrorCode;
  readonly sqlstate?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly hint?: string;

  constructor(code: DataErrorCode, detail: DataErrorDetail = {}) {
    super(detail.message ?? messages[code], 'cause' in detail ? { cause: detail.cause } : undefined);
    this.code = code;
    if (detail.sqlstate !== undefined) this.sqlstate = detail.sqlstate;
    if (detail.constraint !== undefined) this.constraint = detail.constraint;
    if (detail.table !== undefined) this.table = detail.table;
    if (detail.hint !== undefined) this.hint = detail.hint;
  }
}

/** The fields of Postgres' ErrorResponse that decide a code (PostgreSQL documentation, "Error and Notice Message Fields"). */
type ServerError = Error & {
  code: string;
  severity?: string;
  schema?: string;
  table?: string;
  constraint?: string;
  hint?: string;
  routine?: string;
};

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';
}

const codes: Record<string, DataErrorCode> = {
  '23505': 'already_exists',
  '23P01': 'already_exists',
  '23502': 'value_missing',
  '23514': 'invalid_value',
  '23001': 'still_referenced',
  '40001': 'retry',
  '40P01': 'retry',
  '57014': 'timeout',
  '55P03': 'timeout',
  '25P03': 'timeout',
  '25P04': 'timeout',
  '25P02': 'transaction_aborted',
  '53300': 'database_unavailable',
  '53400': 'database_unavailable',
  '25006': 'privilege_refused',
  // a wrong number of values, for one
  '08P01': 'internal',
};

/** How the kernel's own SQL words its refusals (0001_context.sql, 0002_audit.sql, 0004_protected_keys.sql). */
const contextRefusal = /^bulkhead: (?:the context|a change needs a context)/;
const deleteRefusal = /^bulkhead: rows of .* are not deleted$/;

// Postgres' own messages may be in another language, so its routine's name decides where one does.
function privilegeCode({ message, routine }: ServerError): DataErrorCode {
  if (contextRefusal.test(message)) return 'context_refused';
  if (deleteRefusal.test(message)) return 'delete_refused';
  if (routine === 'ExecWithCheckOptions') return 'row_refused';
  return 'privilege_refused';
}

function codeOf(error: ServerError): DataErrorCode {
  const { code: sqlstate, message } = error;
  if (sqlstate === '42501') return privilegeCode(error);
  if (sqlstate === '23503')
    return message.startsWith('update or delete') ? 'still_referenced' : 'reference_missing';
  if (sqlstate === '42601' && error.routine === 'exec_parse_message') return 'statement_refused';
  const exact = codes[sqlstate];
  if (exact !== undefined) return exact;
  // A plan whose table changed under it: parsing the text again cures it.
  if (sqlstate === '0A000' && error.routine === 'RevalidateCachedQuery') return 'retry';
  if (sqlstate.startsWith('22')) return 'invalid_value';
  if (sqlstate.startsWith('40')) return 'retry';
  if (sqlstate.startsWith('08') || sqlstate.startsWith('57P')) return 'database_unavailable';
  return 'internal';
}

/** A hint written in the schema is advice for the caller; one that Postgres words may quote the SQL. */
const isAuthored = (error: ServerError): boolean => error.routine === 'exec_stmt_raise';

function describe(error: ServerError): DataErrorDetail {
  const { schema, table, constraint, hint } = error;
  return {
    sqlstate: error.code,
    constraint,
    table: table === undefined ? undefined : schema === undefined ? table : `${schema}.${table}`,
    hint: isAuthored(error) ? hint : undefined,
    cause: error,
  };
}

/** Maps whatever `pg` threw to a DataError; a DataError passes unchanged. */
export function toDataError(error: unknown): DataError {
  if (error instanceof DataError) return error;
  if (isServerError(error)) return new DataError(codeOf(error), describe(error));
  if (error instanceof ContextError) return new DataError('context_refused', { cause: error });
  return new DataError('internal', { cause: error });
}

/**
 * A role without the DELETE privilege learns from Postgres only that permission was denied; this says what to do.
 * Other errors pass unchanged.
 */
export function explainDelete(error: DataError): DataError {
  if (error.code !== 'privilege_refused' || error.sqlstate !== '42501') return error;
  const hint = 'Mark the row instead: update … set deleted_at = now() where …';
  return new DataError('delete_refused', { sqlstate: '42501', table: error.table, hint, cause: error.cause });
}

/** Whether the server ended, or will end, the connection with this error. */
export function endsConnection(error: unknown): boolean {
  return !isServerError(error) || error.severity === 'FATAL' || error.severity === 'PANIC';
}
