import { internalError } from './problem.ts';
import type { Refusal } from './problem.ts';

/** Codes with which Fastify refuses a request before it reaches a handler. */
const answers: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'body_too_large',
    message: 'The request body is too large.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'unsupported_media_type',
    message: 'Send the body as application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'content_length_wrong',
    message: 'The body has another length than its Content-Length says.',
  },
  // The console's files: an address that is not written plainly names none of them.
  FST_STATIC_FORBIDDEN_PATH: {
    status: 404,
    code: 'not_found',
    message: 'There is no such thing, or you may not see it.',
  },
  FST_ERR_BAD_URL: { status: 400, code: 'url_malformed', message: 'The address is not valid.' },
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: 'url_too_long',
    message: 'A part of the address is too long.',
  },
};

/** What the client is told when the transport itself refuses; undefined for any other error. */
export function toTransportRefusal(error: unknown): Refusal | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return answers[String(error.code)];
}

/** Errors of Node's HTTP parser, which come before there is a request. */
const parserAnswers: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers_too_large',
    message: 'The request headers are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request_timeout',
    message: 'The request took too long to arrive.',
  },
};

/** What a client is told whose bytes are not an HTTP request. */
export function toParserRefusal(code: string | undefined): Refusal {
  const known = parserAnswers[code ?? ''];
  return (
    known ?? {
      ...internalError,
      status: 400,
      code: 'malformed_request',
      message: 'This is not a valid HTTP request.',
    }
  );
}
