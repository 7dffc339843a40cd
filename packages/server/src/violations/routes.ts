import { callerAddress, limitHeaders } from '@bulkhead/platform/edge';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../http/log.ts';
import { reportPath } from '../http/policy.ts';
import { sendRefusal } from '../http/reply.ts';
import { parseJsonBody } from '../http/text.ts';
import { tooMany } from '../limits/calls.ts';
import type { Limits } from '../limits/parts.ts';
import { RefusalError } from '../problem/refusal.ts';
import { readReports } from './report.ts';

/** Bytes one request may carry. */
const bodyLimit = 32 * 1024;

/** Log lines a minute, of all callers together. */
const linesPerMinute = 100;

const minute = 60_000;

export type ViolationOptions = { log: Log; clock: () => number; limits: Limits | undefined };

/**
 * Takes browsers' reports of what the content security policy stopped. Anybody can send some: they are counted by
 * address, read by a schema, cut down to what names a place in the code, and written to the log, of which they may take
 * no more than a part. Nothing is stored, and nothing of a report is answered.
 */
export function mountViolationReports(app: FastifyInstance, { log, clock, limits }: ViolationOptions): void {
  const room = new LogRoom({ log, clock });
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const types = ['application/csp-report', 'application/reports+json'];
    scope.addContentTypeParser(types, { parseAs: 'buffer', bodyLimit }, (_request, body, parsed) => {
      try {
        parsed(null, parseJsonBody(body as Buffer, JSON.parse));
      } catch (error) {
        parsed(error as Error);
      }
    });
    scope.addHook('onRequest', async (request, reply) => {
      const limit = limits?.policies.reports;
      if (limits === undefined || limit === undefined) return;
      const verdict = await limits.limiter.take(limit, `ip ${callerAddress(request.ip)}`);
      void reply.headers(limitHeaders([verdict]));
      if (!verdict.admitted) return sendRefusal(reply, tooMany(verdict));
    });
    scope.post(reportPath, { bodyLimit, config: { takesOtherSites: true } }, (request, reply) => {
      const violations = readReports(request.body);
      if (violations === undefined) throw new RefusalError(unreadable);
      for (const violation of violations) room.write({ event: 'policy_violation', ...violation });
      return reply.code(204).send();
    });
    done();
  });
}

/** A minute's room in the log; what finds none is counted. */
class LogRoom {
  readonly #log: Log;
  readonly #clock: () => number;
  #endsAt = 0;
  #written = 0;
  #left = 0;

  constructor({ log, clock }: { log: Log; clock: () => number }) {
    this.#log = log;
    this.#clock = clock;
  }

  write(line: Record<string, unknown>): void {
    const now = this.#clock();
    if (now >= this.#endsAt) {
      if (this.#left > 0) this.#log.warn({ event: 'policy_violations_unlogged', count: this.#left });
      this.#endsAt = now + minute;
      this.#written = 0;
      this.#left = 0;
    }
    if (this.#written < linesPerMinute) {
      this.#written += 1;
      this.#log.warn(line);
    } else {
      this.#left += 1;
    }
  }
}

const unreadable = {
  status: 400,
  code: 'invalid_input',
  message: 'This is no report of a policy violation.',
};
