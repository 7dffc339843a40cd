import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import { BatchLinkPlugin } from '@orpc/client/plugins';
import type { ContractRouterClient } from '@orpc/contract';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import type { contract as booksContract } from '@bulkhead/books/contract';
import type { contract as labContract } from '@bulkhead/lab/contract';
import type { PlatformContract } from '@bulkhead/server/contract';
import { isWorthRetrying, readProblem } from '../problems/problem.ts';
import type { StepUpDesk } from '../security/stepUp.ts';
import { postForFile } from './file.ts';
import { scopeHeaders, type Scope } from './scope.ts';

type Contract = PlatformContract & { books: typeof booksContract; lab: typeof labContract };
export type Client = ContractRouterClient<Contract>;

export type ApiOptions = {
  scope: Scope;
  /** Scheme, host and port of the server; the console is served by it. */
  origin: string;
  /** Asks for the fresh proof that dangerous procedures want, and lets the refused call through after it. */
  stepUp: StepUpDesk;
  /** Called when the server says that the session is over. */
  onSignedOut: () => void;
};

/**
 * A client of the server bound to one scope, with a cache of its own: an answer for one tenant or company
 * can never be shown under another, however late it arrives.
 */
export function createApi({ scope, origin, stepUp, onSignedOut }: ApiOptions) {
  const link = new RPCLink({
    url: `${origin}/rpc`,
    headers: () => scopeHeaders(scope),
    interceptors: [(call) => (call.path[0] === 'session' ? call.next() : stepUp.through(() => call.next()))],
    plugins: [
      new BatchLinkPlugin({
        groups: [{ condition: () => true, context: {} }],
        url: `${origin}/rpc/__batch__`,
        maxSize: 20,
        // A batch carries neither files nor event streams.
        exclude: ({ path }) =>
          ['imports', 'attack', 'tail'].includes(path[1] ?? '') || path.at(-1) === 'export',
      }),
    ],
  });
  const client = createORPCClient<Client>(link);
  const fetchFile = (path: string, input: Record<string, unknown>): Promise<Blob> =>
    stepUp.through(() => postForFile(`${origin}/api${path}`, { headers: scopeHeaders(scope), input }));
  const query = createTanstackQueryUtils(client);
  return { scope, client, query, fetchFile, cache: createCache(onSignedOut) };
}

export type Api = ReturnType<typeof createApi>;

function createCache(onSignedOut: () => void): QueryClient {
  function onError(error: unknown): void {
    if (readProblem(error).code === 'signed_out') onSignedOut();
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => failures < 2 && isWorthRetrying(readProblem(error)),
      },
      mutations: { retry: false },
    },
  });
}
