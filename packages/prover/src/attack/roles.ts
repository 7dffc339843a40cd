import type { Catalog, Role } from '../catalog/types.ts';
import type { TenantModel } from '../model/types.ts';

/** The attack cannot begin: the connection or the options are not fit for it. The message says what to do. */
export class AttackError extends Error {
  override name = 'AttackError';
  readonly code: 'role_unknown' | 'role_exempt' | 'role_not_allowed' | 'tenants_unknown';
  constructor(code: AttackError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Who is connected, and as whom attacks run. */
export type Powers = {
  connected: string;
  /** the roles of the two tenants; the same one unless each tenant has its own */
  roles: { ours: string; theirs: string };
  /** session role that a superuser takes on for attacks; null when it cannot */
  logins: { ours: string | null; theirs: string | null };
  takesRole: boolean;
  superuser: boolean;
  /** whether the connection's own role may see and write past the policies or the grants of the application's */
  exempt: boolean;
  /** roles the application's session can take */
  reachable: readonly string[];
  notes: string[];
};

export type RoleChoice = {
  role?: string | undefined;
  roles?: { ours: string; theirs: string } | undefined;
  allowExempt?: boolean | undefined;
};

/** @throws AttackError when no role can be chosen or it is exempt from policies and that was not asked for */
export function choosePowers(catalog: Catalog, model: TenantModel, choice: RoleChoice): Powers {
  const byName = new Map(catalog.roles.map((role) => [role.name, role]));
  const connected = catalog.reader;
  const roles = chosenRoles(catalog, model, choice);
  for (const name of [roles.ours, roles.theirs]) check(byName.get(name), name, choice);
  const own = byName.get(connected);
  const superuser = own?.superuser === true;
  const takesRole = roles.ours !== connected || roles.theirs !== connected;
  if (
    takesRole &&
    !superuser &&
    ![roles.ours, roles.theirs].every((name) => connected === name || reach(byName, connected).includes(name))
  )
    throw new AttackError(
      'role_not_allowed',
      `${connected} may not act as ${roles.ours}: connect as ${roles.ours}, or grant ${roles.ours} to ${connected}`,
    );
  const logins = { ours: loginOf(byName, roles.ours), theirs: loginOf(byName, roles.theirs) };
  const notes = takesRole
    ? [
        `connected as ${connected}, attacked as ${roles.ours} by SET LOCAL ROLE${superuser ? ' under SET LOCAL SESSION AUTHORIZATION' : ''}`,
      ]
    : [];
  return {
    connected,
    roles,
    logins: superuser ? logins : { ours: null, theirs: null },
    takesRole,
    superuser,
    exempt: takesRole,
    reachable: [...new Set([logins.ours, ...reach(byName, logins.ours)])].filter(
      (name) => name !== roles.ours,
    ),
    notes,
  };
}

function chosenRoles(
  catalog: Catalog,
  model: TenantModel,
  { role, roles }: RoleChoice,
): { ours: string; theirs: string } {
  if (roles !== undefined) return roles;
  const each = model.carriers.some(({ kind }) => kind === 'role');
  const [first, second] =
    role === undefined
      ? model.applicationRoles
      : [role, ...model.applicationRoles.filter((name) => name !== role)];
  if (each) {
    if (first === undefined || second === undefined)
      throw new AttackError(
        'tenants_unknown',
        'each tenant has a role of its own here: name two of them, ours and theirs',
      );
    return { ours: first, theirs: second };
  }
  const self = catalog.roles.find(({ name }) => name === catalog.reader);
  if (first !== undefined) return { ours: first, theirs: first };
  if (self?.superuser === true || self === undefined)
    throw new AttackError(
      'role_unknown',
      `connected as ${catalog.reader}, and the application's role is not known: name it`,
    );
  return { ours: self.name, theirs: self.name };
}

function check(role: Role | undefined, name: string, { allowExempt }: RoleChoice): void {
  if (role === undefined)
    throw new AttackError('role_unknown', `there is no role ${name}: name the application's role`);
  if (allowExempt === true || !(role.superuser || role.bypassRls)) return;
  const why = role.superuser ? 'a superuser' : 'BYPASSRLS';
  throw new AttackError(
    'role_exempt',
    `${name} is ${why}, so no policy applies to it: name the application's role, or say that the application does run as ${name}`,
  );
}

/** Roles that a role can take by SET ROLE, directly or through others. */
function reach(roles: ReadonlyMap<string, Role>, name: string): string[] {
  const found = new Set<string>();
  const visit = (each: string): void => {
    for (const { role, set } of roles.get(each)?.memberOf ?? []) {
      if (!set || found.has(role)) continue;
      found.add(role);
      visit(role);
    }
  };
  visit(name);
  return [...found];
}

/** The role that signs in to act as one that cannot: an authenticator is a member of it and is no superuser. */
export function loginOf(roles: ReadonlyMap<string, Role>, name: string): string {
  if (roles.get(name)?.canLogin !== false) return name;
  const members = [...roles.values()].filter(
    ({ name: other, canLogin, superuser, bypassRls }) =>
      canLogin && !superuser && !bypassRls && reach(roles, other).includes(name),
  );
  return (members.find((role) => role.name === 'authenticator') ?? members[0])?.name ?? name;
}
