import {
  acceptInvite,
  assertModuleRoles,
  createInvite,
  listInvites,
  revokeInvite,
  signUpByInvite,
  viewInvite,
} from '@bulkhead/platform/access';
import type { Invite } from '@bulkhead/platform/access';
import { requireMailer } from '@bulkhead/platform/mail';
import { implement } from '@orpc/server';
import { inviteContract } from '../contract/invite.ts';
import type { PlatformContext, PublicContext, SignedInContext } from '../rpc/context.ts';
import { answerSignIn, deviceOf } from '../session/begin.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** Invites into a tenant, and accepting one. */
export function inviteHandlers({ identity, access, mailer }: HandlerDependencies) {
  const anybody = implement(inviteContract).$context<PublicContext>();
  const permitted = implement(inviteContract).$context<PlatformContext>();
  const signedIn = implement(inviteContract).$context<SignedInContext>();
  const { clock, randomBytes } = identity;
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      invites: (await listInvites(session)).map(toInvite),
    })),
    create: permitted.create.handler(async ({ input, context: { session, actor, requireStepUp } }) => {
      const { email, role, moduleRoles, companies: companyIds } = input;
      if (role !== 'member') await requireStepUp();
      assertModuleRoles(moduleRoles, access);
      const inviting = {
        session,
        clock,
        randomBytes,
        mailer: requireMailer(mailer),
        inviterName: actor.name,
      };
      return toInvite(await createInvite(inviting, { email, role, moduleRoles, companyIds }));
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
    view: anybody.view.handler(async ({ input }) => viewInvite(identity, input.token)),
    signUp: anybody.signUp.handler(async ({ input, context: { scope } }) => {
      const { signIn } = await signUpByInvite(identity, { ...input, device: deviceOf(scope) });
      return answerSignIn({ identity, access }, scope, signIn);
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
