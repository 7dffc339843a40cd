import { Readable } from 'node:stream';
import { downloadHeaders, savedHeaders } from '@bulkhead/platform/content';
import type { StandardResponse } from '@orpc/standard-server';
import { toNodeHttpBody } from '@orpc/standard-server-node';
import type { FastifyReply } from 'fastify';
import { problemContentType, refusalHeaders, toProblemDocument } from '../problem/problem.ts';
import type { Refusal } from '../problem/problem.ts';

const codes = new WeakMap<FastifyReply, string>();

/** Code of the refusal a reply was answered with outside of a procedure. */
export function refusalCodeOf(reply: FastifyReply): string | undefined {
  return codes.get(reply);
}

/** Answers with a problem document (RFC 9457). */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  codes.set(reply, refusal.code);
  return reply
    .code(refusal.status)
    .headers(refusalHeaders(refusal))
    .type(problemContentType)
    .send(JSON.stringify(toProblemDocument(refusal, reply.request.id)));
}

/** Sends what an oRPC handler answered. */
export function sendStandard(
  reply: FastifyReply,
  response: StandardResponse,
  { problems }: { problems: boolean },
): FastifyReply {
  const headers = { ...response.headers };
  const { body } = response;
  const payload = toNodeHttpBody(body, headers, {});
  reply.code(response.status);
  for (const [name, value] of Object.entries({ ...headers, ...fileHeaders(body, headers) })) {
    if (value !== undefined) void reply.header(name, value);
  }
  if (problems && response.status >= 400) void reply.type(problemContentType);
  if (response.status === 503) void reply.header('retry-after', '2');
  return reply.send(payload instanceof Readable ? stopWith(reply, payload) : payload);
}

/** A file is saved, never shown: shown, it would be a page of this origin. Holds for whatever a module answers with. */
function fileHeaders(body: unknown, headers: StandardResponse['headers']): Record<string, string> {
  if (body instanceof Blob) {
    const name = body instanceof File ? body.name : '';
    return downloadHeaders({ name, type: body.type === '' ? 'application/octet-stream' : body.type });
  }
  const disposition = headers['content-disposition'];
  return disposition === undefined ? {} : savedHeaders(String(disposition));
}

/** Ends a stream when its client is gone. */
function stopWith(reply: FastifyReply, stream: Readable): Readable {
  reply.raw.once('close', () => {
    if (!stream.destroyed) stream.destroy();
  });
  return stream;
}
