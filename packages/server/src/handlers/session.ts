import { PlatformError } from '@bulkhead/platform/errors';
import { deviceLabel, endSessions, listSessions, signIn } from '@bulkhead/platform/identity';
import type { DeviceSession, EndSessions } from '@bulkhead/platform/identity';
import { implement } from '@orpc/server';
import { sessionContract } from '../contract/session.ts';
import { endedSessionCookie } from '../http/cookie.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import { answerSignIn, describeSession, deviceOf } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Sign-in, sign-out, who is signed in, and where. */
export function sessionHandlers({ identity, access }: HandlerDependencies) {
  const anybody = implement(sessionContract).$context<PublicContext>();
  const signedIn = implement(sessionContract).$context<SignedInContext>();
  const end = async (
    { signedIn: { account }, scope }: SignedInContext,
    which: Pick<EndSessions, 'reason' | 'sessionId' | 'exceptSessionId'>,
  ) => {
    const { ended } = await endSessions(identity, {
      accountId: account.id,
      device: deviceOf(scope),
      ...which,
    });
    return { ended: ended.length };
  };
  return {
    signIn: anybody.signIn.handler(async ({ input, context: { scope } }) =>
      answerSignIn(
        { identity, access },
        scope,
        await signIn(identity, { ...input, device: deviceOf(scope) }),
      ),
    ),
    read: signedIn.read.handler(({ context }) => describeSession(context.signedIn, access)),
    signOut: signedIn.signOut.handler(async ({ context }) => {
      await end(context, { sessionId: context.signedIn.id, reason: 'signed_out' });
      context.scope.cookies.push(endedSessionCookie);
      return {};
    }),
    list: signedIn.list.handler(async ({ context: { signedIn: session } }) => {
      const sessions = await listSessions(identity, session.account.id);
      return { sessions: sessions.map((one) => describeDevice(one, session.id)) };
    }),
    end: signedIn.end.handler(async ({ input: { id }, context }) => {
      const { ended } = await end(context, { sessionId: id, reason: 'ended_elsewhere' });
      if (ended === 0) throw new PlatformError('session_missing');
      if (id === context.signedIn.id) context.scope.cookies.push(endedSessionCookie);
      return {};
    }),
    endOthers: signedIn.endOthers.handler(({ context }) =>
      end(context, { exceptSessionId: context.signedIn.id, reason: 'ended_elsewhere' }),
    ),
    endAll: signedIn.endAll.handler(async ({ context }) => {
      const ended = await end(context, { reason: 'signed_out' });
      context.scope.cookies.push(endedSessionCookie);
      return ended;
    }),
  };
}

function describeDevice(session: DeviceSession, currentId: string) {
  const { id, userAgent, ip, methods, program, createdAt, lastSeenAt, idleExpiresAt } = session;
  return {
    id,
    current: id === currentId,
    device: deviceLabel(userAgent),
    userAgent,
    ip,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    expiresAt: idleExpiresAt.toISOString(),
    methods,
    program,
  };
}
