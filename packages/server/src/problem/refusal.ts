import { ORPCError, ValidationError } from '@orpc/server';
import { DataError, toDataError } from '@bulkhead/kernel';
import type { DataErrorCode } from '@bulkhead/kernel';
import { PlatformError } from '@bulkhead/platform/errors';
import { statusOfKind } from '../contract/errors.ts';
import { internalError } from './problem.ts';
import type { ConstraintAnswers, Issue, Refusal } from './problem.ts';

/** An error whose answer is known where it is thrown. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = refusal;
  }
}

/** Seconds a client is asked to wait when the fault is ours and passes by itself. */
const retrySoon = 2;

/**
 * Statuses of the kernel's data errors. A code that is not here is this server's own fault
 * (a context it sealed wrongly, a statement it may not send) and answered as `internal`.
 */
const dataStatus: Partial<Record<DataErrorCode, number>> = {
  row_refused: 403,
  privilege_refused: 403,
  batch_straddles_tenants: 403,
  delete_refused: 409,
  already_exists: 409,
  reference_missing: 409,
  still_referenced: 409,
  retry: 409,
  invalid_value: 422,
  value_missing: 422,
  timeout: 503,
  database_unavailable: 503,
};

/**
 * What the client is told about an error. Anything not known is `internal` and says nothing
 * about itself; the caller logs it.
 */
export function toRefusal(error: unknown, answers: ConstraintAnswers): Refusal {
  if (error instanceof RefusalError) return error.refusal;
  if (error instanceof DataError) return fromDataError(error, answers);
  if (error instanceof PlatformError) return fromPlatformError(error);
  if (isOrpcError(error)) return fromOrpcError(error);
  if (endsSession(error) || isLostConnection(error)) {
    return fromDataError(new DataError('database_unavailable'), answers);
  }
  return isServerError(error) ? fromDataError(toDataError(error), answers) : internalError;
}

/** oRPC types its errors' data as `any`; nothing here trusts it. */
function isOrpcError(error: unknown): error is ORPCError<string, unknown> {
  return error instanceof ORPCError;
}

/** Input issues from a schema's, without values. */
export function toIssues(
  issues: readonly { path?: readonly unknown[] | undefined; message: string }[],
): Issue[] {
  return issues.map(({ path = [], message }) => ({ path: path.map(toSegment).join('.'), message }));
}

function fromDataError(error: DataError, answers: ConstraintAnswers): Refusal {
  const own = error.constraint === undefined ? undefined : answers.get(error.constraint);
  const status = dataStatus[error.code];
  if (own === undefined && status === undefined) return internalError;
  return {
    ...(own ?? { status: status ?? 500, code: error.code, message: error.message }),
    ...(error.hint === undefined ? {} : { detail: error.hint }),
    ...(status === 503 ? { retryAfter: retrySoon } : {}),
  };
}

function fromPlatformError(error: PlatformError): Refusal {
  const status = statusOfKind[error.kind];
  const { code, message, field, extensions } = error;
  return {
    status,
    code,
    message,
    ...(field === undefined ? {} : { issues: [{ path: field, message }] }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
    ...(status === 503 ? { retryAfter: retrySoon } : {}),
  };
}

function fromOrpcError(error: ORPCError<string, unknown>): Refusal {
  const { cause, code, status, message, data } = error;
  if (cause instanceof ValidationError && code === 'BAD_REQUEST') {
    return { ...invalidInput, issues: toIssues(cause.issues) };
  }
  const known = orpcAnswers[code];
  if (known !== undefined) return known;
  if (status >= 500 && !error.defined) return internalError;
  return { status, code, message, ...issuesOf(data) };
}

const invalidInput: Refusal = {
  status: 400,
  code: 'invalid_input',
  message: 'The input is not valid.',
};

/** oRPC's own codes, in this server's words. */
const orpcAnswers: Readonly<Record<string, Refusal>> = {
  BAD_REQUEST: invalidInput,
  NOT_FOUND: {
    status: 404,
    code: 'not_found',
    message: 'There is no such thing, or you may not see it.',
  },
  METHOD_NOT_SUPPORTED: {
    status: 405,
    code: 'method_not_allowed',
    message: 'This address does not answer that method.',
  },
  INTERNAL_SERVER_ERROR: internalError,
};

function issuesOf(data: unknown): { issues?: Issue[] } {
  if (typeof data !== 'object' || data === null || !('issues' in data)) return {};
  return Array.isArray(data.issues) ? { issues: toIssues(data.issues) } : {};
}

function toSegment(segment: unknown): string {
  const isKeyed = typeof segment === 'object' && segment !== null && 'key' in segment;
  return String(isKeyed ? segment.key : segment);
}

const lostConnection = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|ENOENT)$/;
const lostConnectionMessage =
  /^(Connection terminated|timeout exceeded when trying to connect|Client was closed)/;

/** The server turned the connection away or ended it, for whatever reason: no statement is at fault. */
function endsSession(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'FATAL';
}

/** An error that Postgres reported, in a pool that the kernel does not wrap. */
function isServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error;
}

/** No connection could be had, or it broke: what such a pool throws before Postgres says anything. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error) || isServerError(error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return lostConnection.test(code) || lostConnectionMessage.test(error.message);
}
