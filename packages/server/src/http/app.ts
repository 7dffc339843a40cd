import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import { internalError } from '../problem/problem.ts';
import { RefusalError } from '../problem/refusal.ts';
import { toTransportRefusal } from '../problem/transport.ts';
import { describeError } from './log.ts';
import type { Log } from './log.ts';
import { answerParserError } from './parserError.ts';
import { proxyTest, requestIdSource } from './proxies.ts';
import { sendRefusal } from './reply.ts';
import { parseJsonBody } from './text.ts';

/**
 * Fastify with this server's limits, its strict JSON parser and its way of answering errors;
 * no routes yet.
 *
 * @param options.headers headers of every answer, for those that no hook sees
 */
export function createApp(
  config: Config['http'],
  { log, headers }: { log: Log; headers: Readonly<Record<string, string>> },
): FastifyInstance {
  const isProxy = proxyTest(config.trustedProxies);
  const app = fastify({
    logger: false,
    bodyLimit: config.bodyLimit,
    requestTimeout: config.requestTimeout,
    http: {
      headersTimeout: config.headersTimeout,
      // Node would refuse one without Host in words of its own, and one with two not at all; the gate does both.
      requireHostHeader: false,
      // How often Node looks for connections past a deadline; its default is half a minute.
      connectionsCheckingInterval: Math.min(1000, config.headersTimeout),
    },
    keepAliveTimeout: 65_000,
    trustProxy: config.trustedProxies.length === 0 ? false : (address) => isProxy(address),
    requestIdHeader: false,
    genReqId: requestIdSource(isProxy),
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // The gate refuses what arrives during shutdown, in this server's own form.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200, ignoreDuplicateSlashes: false },
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headers).header('x-request-id', request.id);
      void sendRefusal(reply, toTransportRefusal(error) ?? internalError);
    },
    clientErrorHandler: (error, socket) => answerParserError(error, { socket, headers }),
  });
  app.server.maxConnections = config.maxConnections;
  useStrictJson(app);
  useProblems(app, log);
  return app;
}

/** JSON is the only body there is; every other type is refused with 415. */
function useStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  const parseText = (text: string): unknown => {
    let outcome: { error: Error | null; value: unknown } = { error: null, value: undefined };
    // Fastify's parser refuses prototype poisoning; it calls back before it returns.
    void parse(undefined as never, text, (error, value) => {
      outcome = { error, value };
    });
    if (outcome.error !== null) throw outcome.error;
    return outcome.value;
  };
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer, parseText));
    } catch (error) {
      done(error as Error);
    }
  });
}

function useProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const known = error instanceof RefusalError ? error.refusal : toTransportRefusal(error);
    if (known === undefined) {
      log.error({ event: 'fault', requestId: request.id, error: describeError(error) });
    }
    return sendRefusal(reply, known ?? internalError);
  });
}
