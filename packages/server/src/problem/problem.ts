import type { ModuleError } from '../module.ts';

/** A place in the input and what is wrong with it; never the value. */
export type Issue = { path: string; message: string };

/** A refusal on its way to the client: status, stable code, sentence. */
export type Refusal = {
  status: number;
  code: string;
  message: string;
  /** What to do instead, when the schema says so. */
  detail?: string;
  issues?: readonly Issue[];
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** Methods the address does answer, for 405. */
  allow?: string;
  /** Members of this problem alone (RFC 9457 section 3.2), e.g. `acceptable`; none of the names above. */
  extensions?: Readonly<Record<string, unknown>>;
};

/** RFC 9457 problem details with the extensions `code`, `requestId` and `issues`, and those of single problems. */
export type ProblemDocument = Readonly<Record<string, unknown>> & {
  type: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  requestId: string;
  issues?: readonly Issue[];
};

export const problemContentType = 'application/problem+json; charset=utf-8';

/** The problem document of a refusal. `type` is a URN: it names the code and is not fetched. */
export function toProblemDocument(refusal: Refusal, requestId: string): ProblemDocument {
  const { status, code, message, detail, issues, extensions } = refusal;
  return {
    ...extensions,
    type: `urn:bulkhead:problem:${code}`,
    title: message,
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
    requestId,
    ...(issues === undefined ? {} : { issues }),
  };
}

/** Headers that go with a refusal. */
export function refusalHeaders({ retryAfter, allow }: Refusal): Record<string, string> {
  return {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(allow === undefined ? {} : { allow }),
  };
}

/** Answers of the modules to violations of their named constraints. */
export type ConstraintAnswers = ReadonlyMap<string, ModuleError>;

export const internalError: Refusal = {
  status: 500,
  code: 'internal',
  message: 'Something went wrong here. Quote the request id when you report it.',
};
