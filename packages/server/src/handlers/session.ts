import { PlatformError } from '@bulkhead/platform/errors';
import { signIn, signOut, signUp } from '@bulkhead/platform/identity';
import { implement } from '@orpc/server';
import { sessionContract } from '../contract/session.ts';
import { endedSessionCookie } from '../http/cookie.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import { answerSignIn, beginSession, describeSession, deviceOf } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Sign-up, sign-in, sign-out, and who is signed in. */
export function sessionHandlers({ identity, access }: HandlerDependencies) {
  const anybody = implement(sessionContract).$context<PublicContext>();
  const signedIn = implement(sessionContract).$context<SignedInContext>();
  return {
    signUp: anybody.signUp.handler(async ({ input, context: { scope } }) => {
      const { session } = await signUp(identity, { ...input, device: deviceOf(scope) });
      if (session === null) throw new PlatformError('signed_out');
      return beginSession({ identity, access }, scope, session);
    }),
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
