import { permissionsOf } from '@bulkhead/platform/access';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import { readSession, signIn, signOut, signUp } from '@bulkhead/platform/identity';
import type { IdentityDependencies, Session, StartedSession } from '@bulkhead/platform/identity';
import { implement } from '@orpc/server';
import { sessionContract } from '../contract/session.ts';
import { endedSessionCookie, sessionCookie } from '../http/cookie.ts';
import type { PublicContext, SignedInContext } from '../rpc/context.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Sign-up, sign-in, sign-out, and who is signed in. */
export function sessionHandlers({ identity, access }: HandlerDependencies) {
  const anybody = implement(sessionContract).$context<PublicContext>();
  const signedIn = implement(sessionContract).$context<SignedInContext>();
  const begin = async (scope: RequestScope, started: StartedSession) => {
    await endPrevious(identity, scope);
    scope.cookies.push(cookieOf(identity, started));
    const session = await readSession(identity, started.token);
    if (session === null) throw new PlatformError('signed_out');
    return describe(session, access);
  };
  return {
    signUp: anybody.signUp.handler(async ({ input, context: { scope } }) => {
      const { session } = await signUp(identity, { ...input, device: deviceOf(scope) });
      if (session === null) throw new PlatformError('signed_out');
      return begin(scope, session);
    }),
    signIn: anybody.signIn.handler(async ({ input, context: { scope } }) =>
      begin(scope, await signIn(identity, { ...input, device: deviceOf(scope) })),
    ),
    read: signedIn.read.handler(({ context }) => describe(context.signedIn, access)),
    signOut: signedIn.signOut.handler(async ({ context: { scope } }) => {
      if (scope.token !== undefined) await signOut(identity, scope.token);
      scope.cookies.push(endedSessionCookie);
      return {};
    }),
  };
}

/** A new sign-in replaces the browser's session; the one before must not live on unseen. */
async function endPrevious(identity: IdentityDependencies, { token }: RequestScope): Promise<void> {
  if (token !== undefined) await signOut(identity, token);
}

function cookieOf(identity: IdentityDependencies, started: StartedSession): string {
  const life = started.absoluteExpiresAt.getTime() - identity.clock();
  return sessionCookie(started.token, Math.max(0, Math.floor(life / 1000)));
}

function deviceOf({ ip, userAgent }: RequestScope) {
  return { ip, userAgent };
}

function describe({ account, memberships, absoluteExpiresAt }: Session, access: readonly ModuleAccess[]) {
  return {
    account,
    memberships: memberships.map((membership) => ({
      id: membership.id,
      tenant: { id: membership.tenantId, name: membership.tenantName },
      role: membership.role,
      moduleRoles: membership.moduleRoles,
      companies: membership.companyIds,
      permissions: [...permissionsOf(membership, access)],
    })),
    expiresAt: absoluteExpiresAt.toISOString(),
  };
}
