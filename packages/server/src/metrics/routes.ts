import type { FastifyInstance } from 'fastify';
import { describeDependencies, lookAtDependencies } from './dependencies.ts';
import type { DependencyParts } from './dependencies.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from '../http/health.ts';

/** Counts what the public listener answers. */
export function countRequests(app: FastifyInstance, metrics: Pick<Metrics, 'request'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.request({ method: request.method, status: reply.statusCode });
    done();
  });
}

/** `/internal/metrics` for Prometheus and `/internal/health` for people, in a scope that is guarded. */
export function mountMetrics(
  scope: FastifyInstance,
  { metrics, readiness, ...parts }: DependencyParts & { metrics: Metrics; readiness: Readiness },
): void {
  describeDependencies(metrics, parts);
  scope.get('/internal/metrics', async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.header('content-type', metrics.registry.contentType).send(text);
  });
  scope.get('/internal/health', async () => {
    const [checks, dependencies] = await Promise.all([readiness(), lookAtDependencies(parts)]);
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ready: checks.every(({ passed }) => passed),
      checks,
      dependencies,
      duties: metrics.duties(),
      memory: { rss, heapUsed },
    };
  });
}
