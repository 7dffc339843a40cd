/** An error in the form the console shows: the server's problem document (RFC 9457) or a failure to reach it. */
export type Problem = {
  /** The server's stable code, or `unreachable` / `unexpected` for failures on this side. */
  code: string;
  status: number;
  message: string;
  /** Names the request in the server's log. */
  requestId?: string;
  /** Problems with single fields of the input. */
  issues: { path: string; message: string }[];
  /** What to do instead, when the rule that refused says so. */
  detail?: string;
};

/** Reads whatever a call threw. */
export function readProblem(error: unknown): Problem {
  const fields = fieldsOf(error);
  const message = error instanceof Error ? error.message : 'Something failed.';
  if (typeof fields.code !== 'string' || typeof fields.status !== 'number') {
    const lost = error instanceof TypeError && /fetch|network|load failed/i.test(message);
    return { code: lost ? 'unreachable' : 'unexpected', status: 0, message, issues: [] };
  }
  const data = fieldsOf(fields.data);
  return {
    code: fields.code.toLowerCase(),
    status: fields.status,
    message,
    issues: Array.isArray(data.issues) ? data.issues.map(readIssue) : [],
    ...(typeof data.requestId === 'string' ? { requestId: data.requestId } : {}),
    ...(typeof data.detail === 'string' ? { detail: data.detail } : {}),
  };
}

/** A member of an error's problem beside the common ones, e.g. `acceptable` of `step_up_required`. */
export function extensionOf(error: unknown, name: string): unknown {
  return fieldsOf(fieldsOf(error).data)[name];
}

/** Whether the same request may well succeed a moment later. */
export function isWorthRetrying({ code, status }: Problem): boolean {
  return code === 'unreachable' || code === 'retry' || status === 502 || status === 503 || status === 504;
}

function readIssue(value: unknown): { path: string; message: string } {
  const { path, message } = fieldsOf(value);
  return {
    path: Array.isArray(path) ? path.join('.') : typeof path === 'string' ? path : '',
    message: typeof message === 'string' ? message : 'is not valid',
  };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
