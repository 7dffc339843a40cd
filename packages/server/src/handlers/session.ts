import { signIn, signOut } from '@bulkhead/platform/identity';
import { implement } from '@orpc/server';
import { sessionContract } from '../contract/session.ts';
import { endedSessionCookie } from '../http/cookie.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import { answerSignIn, describeSession, deviceOf } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Sign-in, sign-out, and who is signed in. */
export function sessionHandlers({ identity, access }: HandlerDependencies) {
  const anybody = implement(sessionContract).$context<PublicContext>();
  const signedIn = implement(sessionContract).$context<SignedInContext>();
  return {
    signIn: anybody.signIn.handler(async ({ input, context: { scope } }) =>
      answerSignIn(
        { identity, access },
        scope,
        await signIn(identity, { ...input, device: deviceOf(scope) }),
      ),
    ),
    read: signedIn.read.handler(({ context }) => describeSession(context.signedIn, access)),
    signOut: signedIn.signOut.handler(async ({ context: { scope } }) => {
      if (scope.token !== undefined) await signOut(identity, scope.token);
      scope.cookies.push(endedSessionCookie);
      return {};
    }),
  };
}
