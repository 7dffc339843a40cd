import { callerAddress } from '@bulkhead/platform/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendRefusal } from '../http/reply.ts';
import { tooMany } from '../limits/calls.ts';
import type { Limits } from '../limits/parts.ts';
import { preflightHeaders } from './headers.ts';
import type { OriginLists } from './lists.ts';

/** Answers preflights at tenants' procedures; undefined where an answer is left to whoever asked. */
export type AnswerPreflight = (
  request: FastifyRequest,
  reply: FastifyReply,
  methods: readonly string[],
) => Promise<FastifyReply | undefined>;

/**
 * A preflight (Fetch section 3.2.2) names an origin and a method, and neither tenant nor credential. It is answered when
 * some tenant allows the origin, and otherwise as if there were no such thing. Why that is safe:
 * docs/design/cross-origin.md. Each counts as a read of the caller's address.
 */
export function createPreflight({
  lists,
  limits,
}: {
  lists: OriginLists;
  limits: Limits | undefined;
}): AnswerPreflight {
  return async (request, reply, methods) => {
    const { origin, 'access-control-request-method': method } = request.headers;
    if (request.method !== 'OPTIONS' || origin === undefined || method === undefined) return undefined;
    if (!methods.includes(method)) return undefined;
    const limit = limits?.policies.classes.read.account;
    if (limits !== undefined && limit !== undefined) {
      const verdict = await limits.limiter.take(limit, `ip ${callerAddress(request.ip)}`);
      if (!verdict.admitted) return sendRefusal(reply, tooMany(verdict));
    }
    if (!(await lists.isNamed(origin))) return undefined;
    return reply.code(204).headers(preflightHeaders(origin, methods)).send();
  };
}
