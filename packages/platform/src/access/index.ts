/** Who may do what in a tenant: permissions, members, invites. */
export {
  acceptInvite,
  createInvite,
  listInvites,
  revokeInvite,
  type Invite,
  type Inviting,
} from './invite.ts';
export { changeMember, listMembers, removeMember, type Member } from './member.ts';
export {
  assertPermission,
  baseline,
  permissionsOf,
  platformAccess,
  type ModuleAccess,
  type Permission,
} from './permission.ts';
export { assertModuleRoles, moduleRolesOf, type RoleAssignment } from './role.ts';
