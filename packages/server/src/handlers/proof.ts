import { PlatformError } from '@bulkhead/platform/errors';
import { readSession } from '@bulkhead/platform/identity';
import {
  completeFactor,
  passkeySignInOptions,
  readPendingSignIn,
  secondFactorPasskeyOptions,
  signInWithPasskey,
  stepUp,
  stepUpPasskeyOptions,
} from '@bulkhead/platform/identity/factor';
import { implement } from '@orpc/server';
import { proofContract } from '../contract/proof.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import {
  answerSignIn,
  beginSession,
  describeSession,
  deviceOf,
  setSessionCookies,
} from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The second factor, the passkey alone, and step-up. */
export function proofHandlers({ identity, access, factors }: HandlerDependencies) {
  const anybody = implement(proofContract).$context<PublicContext>();
  const signedIn = implement(proofContract).$context<SignedInContext>();
  const parts = { identity, access };
  return {
    pending: anybody.pending.handler(({ input }) => readPendingSignIn(factors, input.challenge)),
    pendingPasskeyOptions: anybody.pendingPasskeyOptions.handler(({ input }) =>
      secondFactorPasskeyOptions(factors, input.challenge),
    ),
    completeFactor: anybody.completeFactor.handler(async ({ input, context: { scope } }) =>
      beginSession(parts, scope, await completeFactor(factors, { ...input, device: deviceOf(scope) })),
    ),
    passkeyOptions: anybody.passkeyOptions.handler(() => passkeySignInOptions(factors)),
    signInWithPasskey: anybody.signInWithPasskey.handler(async ({ input, context: { scope } }) =>
      answerSignIn(parts, scope, await signInWithPasskey(factors, { ...input, device: deviceOf(scope) })),
    ),
    stepUpPasskeyOptions: signedIn.stepUpPasskeyOptions.handler(({ context }) =>
      stepUpPasskeyOptions(factors, context.signedIn),
    ),
    stepUp: signedIn.stepUp.handler(async ({ input: { proof }, context: { scope, signedIn: session } }) => {
      const raised = await stepUp(factors, { session, proof, device: deviceOf(scope) });
      setSessionCookies(identity, scope, raised);
      const renewed = await readSession(identity, raised.token);
      if (renewed === null) throw new PlatformError('signed_out');
      return describeSession(renewed, access);
    }),
  };
}
