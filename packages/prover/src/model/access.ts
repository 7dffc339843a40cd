import type { Catalog, Grant, Relation, Role, Routine } from '../catalog/types.ts';

/** Who may do what, memberships and PUBLIC included. */
export type Access = {
  role: (name: string) => Role | undefined;
  /** The roles whose privileges this one has without doing anything, itself and `public` first. */
  inherits: (role: string) => ReadonlySet<string>;
  /** The roles that this one is or can become by SET ROLE. */
  becomes: (role: string) => ReadonlySet<string>;
  /** Whether a role has a privilege on a relation, on all of it or on some columns, and may use its schema. */
  may: (role: string, privilege: string, relation: Relation) => boolean;
  mayExecute: (role: string, routine: Routine) => boolean;
  mayUse: (role: string, schema: string) => boolean;
  /** Whether grants give a role a privilege. */
  granted: (grants: readonly Grant[], role: string, privilege: string) => boolean;
  /** Whether a relation's policies do not apply to a role, and why. */
  exempt: (role: string, relation: Relation) => 'superuser' | 'bypassrls' | 'owner' | null;
};

/** Answers from a catalog; memberships are followed once a role. */
export function createAccess(catalog: Catalog): Access {
  const roles = new Map(catalog.roles.map((role) => [role.name, role]));
  const schemas = new Map(catalog.schemas.map((schema) => [schema.name, schema]));
  const inherits = closure(roles, ({ inherit }) => inherit);
  const becomes = closure(roles, ({ set }) => set);
  const granted = (grants: readonly Grant[], role: string, privilege: string): boolean => {
    if (roles.get(role)?.superuser === true) return true;
    const holders = inherits(role);
    return grants.some((grant) => grant.privilege === privilege && holders.has(grant.grantee));
  };
  const mayUse = (role: string, name: string): boolean => {
    const schema = schemas.get(name);
    return (
      schema !== undefined && (inherits(role).has(schema.owner) || granted(schema.grants, role, 'usage'))
    );
  };
  return {
    role: (name) => roles.get(name),
    inherits,
    becomes,
    granted,
    mayUse,
    may: (role, privilege, relation) =>
      mayUse(role, relation.schema) &&
      (granted(relation.grants, role, privilege) ||
        relation.columns.some(
          (column) => column.grants.length > 0 && granted(column.grants, role, privilege),
        )),
    mayExecute: (role, routine) => mayUse(role, routine.schema) && granted(routine.grants, role, 'execute'),
    exempt: (name, relation) => {
      const role = roles.get(name);
      if (role?.superuser === true) return 'superuser';
      if (role?.bypassRls === true) return 'bypassrls';
      return inherits(name).has(relation.owner) && !relation.forceRls ? 'owner' : null;
    },
  };
}

function closure(
  roles: ReadonlyMap<string, Role>,
  follows: (membership: Role['memberOf'][number]) => boolean,
): (role: string) => ReadonlySet<string> {
  const known = new Map<string, Set<string>>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const reached = new Set([name, 'public']);
    for (const each of reached) {
      for (const membership of roles.get(each)?.memberOf ?? [])
        if (follows(membership)) reached.add(membership.role);
    }
    known.set(name, reached);
    return reached;
  };
}
