import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../http/log.ts';
import type { Log } from '../../http/log.ts';
import { createScope } from '../../http/procedures.ts';
import { rememberScope } from '../../http/requests.ts';
import type { SenderLimit } from './unknownSources.ts';

export type InboundRoutes = {
  senders: SenderLimit;
  bodyLimit: number;
  log: Pick<Log, 'error'>;
};

/** Nobody is signed in here: a cookie that comes along is not looked at. */
const nobody = () => Promise.resolve(null);

/**
 * `POST /webhooks/<source>`: the door for what others send. It takes the bytes of the body as they came, whatever their
 * type, and answers without a word: 200 once the event is stored, 401 whatever is wrong with it, 413 when it is too
 * large, 422 for card data, 429 when its source sends too many, 503 when it could not be stored.
 */
export function mountInbound(app: FastifyInstance, { senders, bodyLimit, log }: InboundRoutes): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.setErrorHandler((error, request, reply) => {
      const status = statusOf(error);
      if (status === 503) {
        log.error({ event: 'fault', requestId: request.id, error: describeError(error) });
        void reply.header('retry-after', '5');
      }
      return reply.code(status).send();
    });
    scope.post(
      '/webhooks/:source',
      { bodyLimit, config: { takesOtherSites: true } },
      async (request: FastifyRequest, reply: FastifyReply) => {
        const { outcome } = remembered(request);
        const { source } = request.params as { source: string };
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        const receipt = await senders.receive(request.ip, source, {
          header: (name) => single(request, name),
          body,
        });
        if (receipt.code !== undefined) outcome.code = receipt.code;
        if (receipt.status === 429) void reply.header('retry-after', String(receipt.retryAfter));
        return reply.code(receipt.status).send();
      },
    );
    done();
  });
}

function remembered(request: FastifyRequest) {
  const scope = createScope(request, nobody);
  rememberScope(request, scope);
  return scope;
}

/** A header that was sent twice is none: which one was meant, and which one was signed, cannot be told. */
function single({ raw }: FastifyRequest, name: string): string | undefined {
  const values = raw.headersDistinct[name];
  return values?.length === 1 ? values[0] : undefined;
}

function statusOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return 413;
  return code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' ? 400 : 503;
}
