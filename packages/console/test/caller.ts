import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/fetch';
import type { Client } from '../src/client/api.ts';
import { scopeHeaders, type Scope } from '../src/client/scope.ts';

/** A program that calls the server as the console's own pages do, with the cookie of one sign-in. */
export type Caller = { as: (scope: Scope) => Client };

/** Opens a caller without a session; signing up or in gives it one. */
export function openCaller(url: string): Caller {
  const jar: { cookie: string | undefined } = { cookie: undefined };
  function as(scope: Scope): Client {
    const link = new RPCLink({
      url: `${url}/rpc`,
      headers: () => ({
        origin: url,
        'sec-fetch-site': 'same-origin',
        ...(jar.cookie === undefined ? {} : { cookie: jar.cookie }),
        ...scopeHeaders(scope),
      }),
      fetch: async (request, init) => {
        const response = await fetch(request, init);
        const [cookie] = response.headers.getSetCookie();
        if (cookie !== undefined) jar.cookie = cookie.split(';')[0];
        return response;
      },
    });
    return createORPCClient<Client>(link);
  }
  return { as };
}
