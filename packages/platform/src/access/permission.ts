import { PlatformError } from '../errors.ts';
import type { Membership } from '../identity/session.ts';

/** `<module>:<noun>.<verb>`, as in `books:invoice.submit`. */
export type Permission = `${string}:${string}.${string}`;

/** What a module brings: its permissions, and which of them each of its roles gives. */
export type ModuleAccess = {
  /** The part before the colon of its permissions and module roles. */
  name: string;
  permissions: readonly Permission[];
  /** By the role's own name: `clerk` is the module role `books:clerk`. */
  roles: Readonly<Record<string, readonly Permission[]>>;
};

/** What every member may do, whatever its roles. */
export const baseline: readonly Permission[] = ['tenants:tenant.read', 'tenants:company.read'];

/** The platform's own modules. */
export const platformAccess: readonly ModuleAccess[] = [
  {
    name: 'access',
    permissions: [
      'access:member.read',
      'access:member.change',
      'access:member.remove',
      'access:invite.read',
      'access:invite.create',
      'access:invite.revoke',
      'access:api-key.read',
      'access:api-key.create',
      'access:api-key.revoke',
      'access:connection.read',
      'access:connection.change',
      'access:connection.remove',
      'access:domain.read',
      'access:domain.change',
      'access:origin.read',
      'access:origin.change',
    ],
    roles: {},
  },
  { name: 'audit', permissions: ['audit:entry.read', 'audit:entry.export'], roles: {} },
  {
    name: 'tenants',
    permissions: [
      'tenants:tenant.read',
      'tenants:tenant.change',
      'tenants:usage.read',
      'tenants:company.read',
      'tenants:company.create',
      'tenants:company.change',
    ],
    roles: {},
  },
  { name: 'billing', permissions: ['billing:subscription.read', 'billing:subscription.change'], roles: {} },
  {
    name: 'webhooks',
    permissions: [
      'webhooks:endpoint.read',
      'webhooks:endpoint.create',
      'webhooks:endpoint.change',
      'webhooks:endpoint.remove',
      'webhooks:endpoint.replay',
      'webhooks:source.read',
      'webhooks:source.create',
      'webhooks:source.change',
      'webhooks:source.remove',
      'webhooks:source.replay',
    ],
    roles: {},
  },
];

/**
 * Everything a membership permits. Owners and admins hold every permission of every module; that an admin leaves owners
 * alone is a rule about members, kept by `identity.require_authority`. A member holds the baseline and what its module
 * roles give. A role of a module that is not mounted gives nothing.
 */
export function permissionsOf(
  { role, moduleRoles }: Pick<Membership, 'role' | 'moduleRoles'>,
  modules: readonly ModuleAccess[],
): ReadonlySet<Permission> {
  if (role !== 'member') return new Set(modules.flatMap(({ permissions }) => permissions));
  const held = new Set(moduleRoles);
  return new Set([
    ...baseline,
    ...modules.flatMap((module) =>
      Object.entries(module.roles).flatMap(([name, permissions]) =>
        held.has(`${module.name}:${name}`) ? permissions : [],
      ),
    ),
  ]);
}

/** @throws PlatformError permission_refused */
export function assertPermission(permissions: ReadonlySet<Permission>, permission: Permission): void {
  if (permissions.has(permission)) return;
  throw new PlatformError('permission_refused', { cause: new Error(`lacks ${permission}`) });
}
