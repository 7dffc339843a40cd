import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../problem/refusal.ts';

/**
 * Refuses requests with 503 while the event loop is late, so that those under way can finish.
 * `/healthz` still answers: a process that is busy is not dead. To be mounted after the gate,
 * whose headers the refusals need too.
 *
 * @param shedAfter milliseconds of delay; 0 never sheds
 */
export function mountShedding(app: FastifyInstance, shedAfter: number): void {
  if (shedAfter === 0) return;
  void app.register(underPressure, {
    maxEventLoopDelay: shedAfter,
    pressureHandler: ({ url }) =>
      url === '/healthz' ? undefined : Promise.reject(new RefusalError(overloaded)),
  });
}

const overloaded = {
  status: 503,
  code: 'overloaded',
  message: 'The server is busy. Try again.',
  retryAfter: 2,
};
