/** Who may do what in a tenant: permissions, members, invites. */
export {
  apiKeyPrefix,
  createApiKey,
  listApiKeys,
  openApiKey,
  revokeApiKey,
  type ApiKey,
  type ApiKeyKind,
  type MakingApiKey,
  type NewApiKey,
  type OpenApiKey,
} from './apiKey/index.ts';
export {
  acceptInvite,
  signUpByInvite,
  viewInvite,
  type Acceptance,
  type InviteView,
} from './acceptInvite.ts';
export {
  createInvite,
  inviteWithoutMail,
  listInvites,
  revokeInvite,
  type Invite,
  type Inviting,
  type NewInvite,
} from './invite.ts';
export { changeMember, listMembers, removeMember, type Member } from './member.ts';
export {
  endOperatorEntry,
  enterTenant,
  findTenants,
  listOperatorVisits,
  operatorPermissions,
  readOperatorEntry,
  type OperatorEntry,
  type OperatorMode,
  type OperatorVisit,
} from './operator/index.ts';
export {
  assertPermission,
  baseline,
  permissionsOf,
  platformAccess,
  type ModuleAccess,
  type Permission,
} from './permission.ts';
export { assertModuleRoles, moduleRolesOf, type RoleAssignment } from './role.ts';
