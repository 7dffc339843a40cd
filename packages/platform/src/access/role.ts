import { PlatformError, type PlatformErrorCode } from '../errors.ts';
import type { OrganisationRole } from '../identity/session.ts';
import type { ModuleAccess } from './permission.ts';

/** What a member may do and where; as a membership or an invite carries it. */
export type RoleAssignment = {
  role: OrganisationRole;
  /** `<module>:<role>`. */
  moduleRoles: readonly string[];
  /** Companies a plain member is limited to, one at least; null: every company, as owners and admins always have. */
  companyIds: readonly string[] | null;
};

/** Which constraint of the schema refuses which mistake in an assignment. */
export const assignmentRefusals = {
  membership_authority: 'permission_refused',
  membership_role_known: 'role_invalid',
  membership_module_roles_valid: 'role_invalid',
  membership_companies_of_member: 'role_invalid',
  membership_companies_of_tenant: 'company_missing',
  invite_role_known: 'role_invalid',
  invite_module_roles_valid: 'role_invalid',
  invite_companies_of_member: 'role_invalid',
  invite_companies_of_tenant: 'company_missing',
} as const satisfies Record<string, PlatformErrorCode>;

/** Every module role that the mounted modules define. */
export function moduleRolesOf(modules: readonly ModuleAccess[]): string[] {
  return modules.flatMap(({ name, roles }) => Object.keys(roles).map((role) => `${name}:${role}`));
}

/**
 * Refuses module roles that no mounted module defines: a role given today must not come to mean something when
 * a module is mounted tomorrow.
 *
 * @throws PlatformError role_invalid
 */
export function assertModuleRoles(moduleRoles: readonly string[], modules: readonly ModuleAccess[]): void {
  const known = new Set(moduleRolesOf(modules));
  const unknown = moduleRoles.find((role) => !known.has(role));
  if (unknown === undefined) return;
  throw new PlatformError('role_invalid', { message: `There is no role ${unknown}.`, field: 'moduleRoles' });
}
