import type { FastifyInstance } from 'fastify';
import { sendRefusal } from './reply.ts';

/** One thing that must hold before requests are served. */
export type ReadinessCheck = { name: string; passed: boolean };

/** Looks at everything readiness depends on; never throws. */
export type Readiness = () => Promise<readonly ReadinessCheck[]>;

/**
 * `/healthz`: the process lives. `/readyz`: it can serve; 503 while it cannot, saying which check
 * failed and nothing more.
 */
export function mountHealth(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', (_request, reply) => reply.send({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await readiness();
    if (checks.every(({ passed }) => passed)) return reply.send({ status: 'ready', checks });
    const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
    return sendRefusal(reply, {
      status: 503,
      code: 'not_ready',
      message: 'The server is not ready to serve.',
      detail: `Failed: ${failed.join(', ')}.`,
      retryAfter: 2,
    });
  });
}
