import { assertModuleRoles, changeMember, listMembers, removeMember } from '@bulkhead/platform/access';
import type { Member } from '@bulkhead/platform/access';
import { implement } from '@orpc/server';
import { memberContract } from '../contract/member.ts';
import type { PlatformContext } from '../rpc/context.ts';
import type { HandlerDependencies } from './dependencies.ts';

/** The members of a tenant, their roles and companies. */
export function memberHandlers({ identity, access }: HandlerDependencies) {
  const permitted = implement(memberContract).$context<PlatformContext>();
  return {
    list: permitted.list.handler(async ({ context: { session } }) => ({
      members: (await listMembers(session)).map(toMember),
    })),
    change: permitted.change.handler(async ({ input, context: { session } }) => {
      const { id: memberId, role, moduleRoles, companies: companyIds } = input;
      assertModuleRoles(moduleRoles, access);
      const changed = await changeMember(session, { memberId, role, moduleRoles, companyIds });
      identity.sessions.forgetAccount(changed.accountId);
      return toMember(changed);
    }),
    remove: permitted.remove.handler(async ({ input, context: { session } }) => {
      const members = await listMembers(session);
      await removeMember(session, { memberId: input.id });
      const removed = members.find(({ id }) => id === input.id);
      if (removed !== undefined) identity.sessions.forgetAccount(removed.accountId);
      return {};
    }),
  };
}

function toMember(member: Member) {
  return {
    id: member.id,
    account: { id: member.accountId, email: member.email, name: member.name },
    role: member.role,
    moduleRoles: member.moduleRoles,
    companies: member.companyIds,
    since: member.createdAt.toISOString(),
  };
}
