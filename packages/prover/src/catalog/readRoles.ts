import { grantsOf } from './grants.ts';
import type { Section } from './section.ts';
import type { Role, Schema } from './types.ts';

type RoleRow = Omit<Role, 'memberOf'> & { id: string };
type MemberRow = { member: string; role: string; inherit: boolean; set: boolean; admin: boolean };

/** All roles of the cluster with their memberships. */
export async function readRoles(section: Section, versionNumber: number): Promise<Role[]> {
  const roles = await section<RoleRow>(
    'roles',
    `select r.oid::text as id, r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as "bypassRls",
      r.rolcanlogin as "canLogin", r.rolcreaterole as "createRole", r.rolcreatedb as "createDatabase",
      r.rolreplication as replication, r.rolinherit as inherit,
      coalesce((select array_agg(line order by line) from pg_db_role_setting s, unnest(s.setconfig) line
        where s.setrole = r.oid and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))),
        '{}') as settings
    from pg_roles r order by r.rolname`,
  );
  // Before 16 a membership had no options of its own: the member's inherit attribute decided, and SET ROLE was always allowed.
  const options =
    versionNumber >= 160000
      ? 'm.inherit_option as inherit, m.set_option as "set", m.admin_option as admin'
      : '(select x.rolinherit from pg_roles x where x.oid = m.member) as inherit, true as "set", m.admin_option as admin';
  const members = await section<MemberRow>(
    'role memberships',
    `select m.member::text as member, r.rolname as role, ${options}
    from pg_auth_members m join pg_roles r on r.oid = m.roleid order by r.rolname`,
  );
  const byMember = Map.groupBy(members, ({ member }) => member);
  return roles.map(({ id, ...role }) => ({
    ...role,
    memberOf: (byMember.get(id) ?? []).map(({ member: _, ...membership }) => membership),
  }));
}

/** Schemas that are not the server's own. */
export async function readSchemas(section: Section, systemSchemas: string): Promise<Schema[]> {
  const rows = await section<{ name: string; owner: string; acl: string[] }>(
    'schemas',
    `select n.nspname as name, pg_get_userbyid(n.nspowner) as owner,
      coalesce(n.nspacl, acldefault('n', n.nspowner))::text[] as acl
    from pg_namespace n where not ${systemSchemas} order by n.nspname`,
  );
  return rows.map(({ acl, ...schema }) => ({ ...schema, grants: grantsOf(acl) }));
}
