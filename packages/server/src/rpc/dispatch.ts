import { StandardOpenAPICodec, StandardOpenAPIMatcher } from '@orpc/openapi/standard';
import { StandardBracketNotationSerializer, StandardOpenAPISerializer } from '@orpc/openapi-client/standard';
import { ORPCError } from '@orpc/server';
import type { AnyRouter, ProcedureClientInterceptorOptions } from '@orpc/server';
import { BatchHandlerPlugin } from '@orpc/server/plugins';
import { StandardHandler, StandardRPCHandler } from '@orpc/server/standard';
import type {
  StandardHandleResult,
  StandardHandlerInterceptorOptions,
  StandardHandlerPlugin,
} from '@orpc/server/standard';
import type { ErrorMap } from '@orpc/contract';
import type { ProcedureMeta } from '../contract/index.ts';
import { toProblemDocument } from '../problem/problem.ts';
import type { CallLimits } from '../limits/calls.ts';
import type { ObservedCall } from '../metrics/metrics.ts';
import { refusalOf } from './errors.ts';
import type { ErrorTranslation } from './errors.ts';
import type { Guard } from './guard.ts';
import { OutputSerializer } from './outputSerializer.ts';
import type { RequestScope } from './scope.ts';

/** What the transport hands to a handler. `started` is set by the handler, once a call. */
export type DispatchContext = { scope: RequestScope; started?: boolean };

export type DispatchOptions = {
  router: AnyRouter;
  guard: Guard;
  errors: ErrorTranslation;
  /** Counts calls; absent: they are unlimited. */
  limits?: CallLimits | undefined;
  /** Told of each call once it is answered; of a stream once it is open. */
  observe?: ((call: ObservedCall) => void) | undefined;
};

type Call = ProcedureClientInterceptorOptions<DispatchContext, ErrorMap, Partial<ProcedureMeta>> & {
  next(options?: Omit<Call, 'next'>): PromiseLike<unknown>;
};
type Handling = StandardHandlerInterceptorOptions<DispatchContext> & {
  next(options?: StandardHandlerInterceptorOptions<DispatchContext>): Promise<StandardHandleResult>;
};

/**
 * Wraps every procedure call: the guard in front, the error translation around. It sits on the
 * handler, not on a procedure, so that no module can forget it.
 */
function guardCalls({ guard, errors, limits, observe }: DispatchOptions) {
  return async (call: Call): Promise<unknown> => {
    const { scope } = call.context;
    scope.outcome.procedure = call.path.join('.');
    call.context.started = true;
    const { meta } = call.procedure['~orpc'];
    const start = performance.now();
    const seen = (status: number): void =>
      observe?.({ rate: meta.rate ?? 'write', status, seconds: (performance.now() - start) / 1000 });
    try {
      await limits?.before(meta, scope, call.input);
      const context = await guard(meta, scope);
      await limits?.after(meta, scope, context);
      const output = await call.next({ ...call, context: context as unknown as DispatchContext });
      seen(200);
      if (!isStream(output)) return output;
      const watched = watch(output, () => guard(meta, scope.anew()));
      return errors.translateStream(watched, scope);
    } catch (error) {
      const translated = errors.translate(error, scope);
      seen(translated.status);
      throw translated;
    }
  };
}

/** A stream outlives the decision to open it: before each item it is decided anew, and a refusal ends it. */
async function* watch(
  stream: AsyncIterable<unknown>,
  decide: () => Promise<unknown>,
): AsyncGenerator<unknown> {
  for await (const item of stream) {
    await decide();
    yield item;
  }
}

/** Gives what fails before or after a call (no such procedure, unreadable input) the same form. */
function answerAll({ errors }: DispatchOptions) {
  return async (handling: Handling): Promise<StandardHandleResult> => {
    const context: DispatchContext = { scope: handling.context.scope };
    let failure: unknown;
    try {
      const result = await handling.next({ ...handling, context });
      if (result.matched) return result;
      failure = new ORPCError('NOT_FOUND');
    } catch (error) {
      if (isTranslated(error)) throw error;
      failure = context.started === true ? error : new ORPCError('BAD_REQUEST', { cause: error });
    }
    throw errors.translate(failure, context.scope);
  };
}

/** The handler of `/api`: plain HTTP as the OpenAPI document tells, errors as problem documents. */
export function createApiHandler(options: DispatchOptions): StandardHandler<DispatchContext> {
  const serializer = new StandardOpenAPISerializer(
    new OutputSerializer(),
    new StandardBracketNotationSerializer(),
  );
  const codec = new StandardOpenAPICodec(serializer, { customErrorResponseBodyEncoder: encodeProblem });
  return new StandardHandler<DispatchContext>(options.router, new StandardOpenAPIMatcher(), codec, {
    interceptors: [answerAll(options)],
    clientInterceptors: [guardCalls(options)],
  });
}

/**
 * The handler of `/rpc`, for the typed client, with batches.
 *
 * @param plugins the batch guard; production composition always gives it, a mutation test leaves it out
 */
export function createRpcHandler(
  options: DispatchOptions,
  batch: { plugins: StandardHandlerPlugin<DispatchContext>[]; maxMembers: number },
): StandardRPCHandler<DispatchContext> {
  return new StandardRPCHandler<DispatchContext>(options.router, {
    interceptors: [answerAll(options)],
    clientInterceptors: [guardCalls(options)],
    plugins: [
      ...batch.plugins,
      new BatchHandlerPlugin<DispatchContext>({
        maxSize: batch.maxMembers,
        // A member brings no headers of its own: whatever it claims, the request's hold.
        mapRequestItem: (item, { request }) => ({ ...item, headers: request.headers }),
      }),
    ],
  });
}

function isStream(output: unknown): output is AsyncIterable<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output;
}

function isTranslated(error: unknown): boolean {
  return (
    error instanceof ORPCError &&
    typeof error.data === 'object' &&
    error.data !== null &&
    'requestId' in error.data
  );
}

function encodeProblem(error: ORPCError<string, unknown>): unknown {
  const requestId = (error.data as { requestId?: string } | undefined)?.requestId ?? '';
  return toProblemDocument(refusalOf(error), requestId);
}
