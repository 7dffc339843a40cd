import {
  acceptInvite,
  assertModuleRoles,
  createInvite,
  listInvites,
  revokeInvite,
} from '@bulkhead/platform/access';
import type { Invite } from '@bulkhead/platform/access';
import { implement } from '@orpc/server';
import { inviteContract } from '../contract/invite.ts';
import type { PlatformContext, SignedInContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Invites into a tenant, and accepting one. */
export function inviteHandlers({ identity, access }: HandlerDependencies) {
  const permitted = implement(inviteContract).$context<PlatformContext>();
  const signedIn = implement(inviteContract).$context<SignedInContext>();
  const { clock, randomBytes } = identity;
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      invites: (await listInvites(session)).map(toInvite),
    })),
    create: permitted.create.handler(async ({ input, context: { session } }) => {
      const { email, role, moduleRoles, companies: companyIds } = input;
      assertModuleRoles(moduleRoles, access);
      const { invite, token } = await createInvite(
        { session, clock, randomBytes },
        { email, role, moduleRoles, companyIds },
      );
      return { ...toInvite(invite), token };
    }),
    revoke: permitted.revoke.handler(async ({ input, context: { session } }) => {
      await revokeInvite({ session, clock }, { inviteId: input.id });
      return {};
    }),
    accept: signedIn.accept.handler(async ({ input, context }) => {
      const accountId = context.signedIn.account.id;
      const accepted = await acceptInvite(identity, { token: input.token, accountId });
      return { tenant: accepted.tenantId, member: accepted.memberId };
    }),
  };
}

function toInvite(invite: Invite) {
  return {
    id: invite.id,
    email: invite.email,
    role: invite.role,
    moduleRoles: invite.moduleRoles,
    companies: invite.companyIds,
    invitedBy: invite.invitedBy,
    createdAt: invite.createdAt.toISOString(),
    expiresAt: invite.expiresAt.toISOString(),
  };
}
