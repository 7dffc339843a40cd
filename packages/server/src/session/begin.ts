import { permissionsOf } from '@bulkhead/platform/access';
import type { ModuleAccess } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import { readSession, signOut } from '@bulkhead/platform/identity';
import type {
  Device,
  IdentityDependencies,
  Session,
  SignInOutcome,
  StartedSession,
} from '@bulkhead/platform/identity';
import { deviceCookie, sessionCookie } from '../http/cookie.ts';
import type { RequestScope } from '../rpc/scope.ts';

/** What starting a session in a browser needs. */
export type SessionParts = { identity: IdentityDependencies; access: readonly ModuleAccess[] };

/** Where a request's sign-in comes from: a browser, known again by its device cookie. */
export function deviceOf({ id, ip, userAgent, deviceToken }: RequestScope): Device {
  return { ip, userAgent, requestId: id, browser: { token: deviceToken } };
}

/**
 * Answers a sign-in of any kind in a browser: the cookies of the session that started, and its description.
 *
 * @throws PlatformError factor_required with `challenge` and `factors` in its extensions
 */
export async function answerSignIn(parts: SessionParts, scope: RequestScope, outcome: SignInOutcome) {
  if (outcome.kind === 'session') return beginSession(parts, scope, outcome.session);
  const { challenge, factors } = outcome;
  throw new PlatformError('factor_required', { extensions: { challenge, factors } });
}

/** Hands a started session to the browser, in place of the one it had. */
export async function beginSession(parts: SessionParts, scope: RequestScope, started: StartedSession) {
  const { identity, access } = parts;
  await endPrevious(identity, scope);
  setSessionCookies(identity, scope, started);
  const session = await readSession(identity, started.token);
  if (session === null) throw new PlatformError('signed_out');
  return describeSession(session, access);
}

/** The cookies alone, for an answer that is a redirect. */
export function setSessionCookies(
  identity: Pick<IdentityDependencies, 'clock'>,
  scope: Pick<RequestScope, 'cookies'>,
  { token, deviceToken, absoluteExpiresAt }: StartedSession,
): void {
  const life = absoluteExpiresAt.getTime() - identity.clock();
  scope.cookies.push(sessionCookie(token, Math.max(0, Math.floor(life / 1000))));
  if (deviceToken !== null) scope.cookies.push(deviceCookie(deviceToken));
}

/** A new sign-in replaces the browser's session; the one before must not live on unseen. */
export async function endPrevious(
  identity: IdentityDependencies,
  { token }: Pick<RequestScope, 'token'>,
): Promise<void> {
  if (token !== undefined) await signOut(identity, token);
}

/** A session as its owner is shown it. */
export function describeSession(
  { account, memberships, absoluteExpiresAt }: Session,
  access: readonly ModuleAccess[],
) {
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
