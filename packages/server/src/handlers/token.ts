import { PlatformError } from '@bulkhead/platform/errors';
import { signIn } from '@bulkhead/platform/identity';
import type { Device, SignInOutcome } from '@bulkhead/platform/identity';
import { completeFactor } from '@bulkhead/platform/identity/factor';
import { refresh, revoke, startFamily } from '@bulkhead/platform/identity/token';
import type { TokenPair } from '@bulkhead/platform/identity/token';
import { implement } from '@orpc/server';
import { tokenContract } from '../contract/token.ts';
import type { PublicContext } from '../rpc/context.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Tokens for programs. */
export function tokenHandlers({ identity, factors, tokens }: HandlerDependencies) {
  const anybody = implement(tokenContract).$context<PublicContext>();
  const answer = async (outcome: SignInOutcome) => {
    if (outcome.kind === 'session') return describe(await startFamily(tokens, outcome.session));
    const { challenge, factors: kinds } = outcome;
    throw new PlatformError('factor_required', { extensions: { challenge, factors: kinds } });
  };
  return {
    create: anybody.create.handler(async ({ input, context: { scope } }) =>
      answer(await signIn(identity, { ...input, device: programOf(scope) })),
    ),
    completeFactor: anybody.completeFactor.handler(async ({ input, context: { scope } }) => {
      const session = await completeFactor(factors, { ...input, device: programOf(scope) });
      return answer({ kind: 'session', session });
    }),
    refresh: anybody.refresh.handler(async ({ input, context: { scope } }) =>
      describe(await refresh(tokens, { ...input, device: programOf(scope) })),
    ),
    revoke: anybody.revoke.handler(async ({ input, context: { scope } }) => {
      await revoke(tokens, { ...input, device: programOf(scope) });
      return {};
    }),
  };
}

/** A program keeps no cookies: it is known again by how it names itself. */
function programOf({ id, ip, userAgent }: RequestScope): Device {
  return { ip, userAgent, requestId: id };
}

function describe({ accessToken, accessExpiresAt, refreshToken, refreshExpiresAt }: TokenPair) {
  return {
    tokenType: 'Bearer' as const,
    accessToken,
    accessExpiresAt: accessExpiresAt.toISOString(),
    refreshToken,
    refreshExpiresAt: refreshExpiresAt.toISOString(),
  };
}
