import { ORPCError } from '@orpc/server';
import type { ConstraintAnswers, Refusal } from '../problem/problem.ts';
import { toRefusal } from '../problem/refusal.ts';
import type { RequestScope } from './scope.ts';

/** Told of errors that are this server's own fault, for the log. */
export type ReportFault = (error: unknown, scope: RequestScope) => void;

/** Turns whatever a procedure threw into the error its client is shown, and logs faults. */
export class ErrorTranslation {
  readonly #answers: ConstraintAnswers;
  readonly #report: ReportFault;

  constructor(options: { answers: ConstraintAnswers; report: ReportFault }) {
    this.#answers = options.answers;
    this.#report = options.report;
  }

  /** The client's side of an error: stable code, status and sentence; no internal detail. */
  translate(error: unknown, scope: RequestScope): ORPCError<string, unknown> {
    const refusal = toRefusal(error, this.#answers);
    scope.outcome.code = refusal.code;
    if (refusal.status >= 500) this.#report(error, scope);
    return toOrpcError(refusal, scope.id);
  }

  /** The same for every error of a stream, whose text would otherwise reach the client (T-57). */
  async *translateStream(stream: AsyncIterable<unknown>, scope: RequestScope): AsyncGenerator<unknown> {
    try {
      yield* stream;
    } catch (error) {
      throw this.translate(error, scope);
    }
  }
}

/** What travels in an RPC error beside code, status and message; a refusal's own extensions stand among them. */
export type RefusalData = Readonly<Record<string, unknown>> &
  Pick<Refusal, 'detail' | 'issues' | 'retryAfter'> & { requestId: string };

function toOrpcError(refusal: Refusal, requestId: string): ORPCError<string, RefusalData> {
  const { code, status, message, detail, issues, retryAfter, extensions } = refusal;
  return new ORPCError(code, {
    status,
    message,
    data: {
      ...extensions,
      requestId,
      ...(detail === undefined ? {} : { detail }),
      ...(issues === undefined ? {} : { issues: [...issues] }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  });
}

/** The refusal inside an error that {@link ErrorTranslation} made. */
export function refusalOf(error: ORPCError<string, unknown>): Refusal {
  const { code, status, message } = error;
  const {
    detail,
    issues,
    retryAfter,
    requestId: _,
    ...extensions
  } = (error.data ?? {}) as Partial<RefusalData>;
  return {
    code,
    status,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(issues === undefined ? {} : { issues }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  };
}

/** A refusal as the RPC handler would have answered it, for what refuses in front of the handler. */
export function rpcErrorResponse(refusal: Refusal, scope: RequestScope) {
  return {
    status: refusal.status,
    headers: {},
    body: { json: toOrpcError(refusal, scope.id).toJSON() },
  };
}
