import { implement } from '@orpc/server';
import { secretContract } from '../contract/secret.ts';
import type { SignedInContext } from '../rpc/context.ts';
import type { Secrets } from './secrets.ts';

/** The secrets of the server that answers, without their values. */
export function secretHandlers(secrets: Pick<Secrets, 'reload' | 'states'>) {
  const signedIn = implement(secretContract).$context<SignedInContext>();
  return {
    list: signedIn.list.handler(async () => {
      await secrets.reload();
      return {
        secrets: secrets.states().map(({ changedAt, replaceBy, ...state }) => ({
          ...state,
          changedAt: changedAt?.toISOString() ?? null,
          replaceBy: replaceBy?.toISOString() ?? null,
        })),
      };
    }),
  };
}
