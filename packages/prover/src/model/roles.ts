import type { Catalog, Role } from '../catalog/types.ts';
import type { Facts, PolicyFacts } from '../parse/facts.ts';
import type { Access } from './access.ts';
import { presets, type ModelSettings } from './settings.ts';
import type { Preset, TenantModel } from './types.ts';

/** Roles that platforms bring for their own use. */
const platformRoles =
  /^(pg_.*|postgres|rds.*|azure.*|cloudsql.*|supabase.*|service_role|authenticator|pgbouncer|dashboard_user|neon_superuser|doadmin|cnpg.*|streaming_replica)$/;

/** Tells which well-known arrangement a database follows, from the roles and functions that it brings. */
export function detectPreset(catalog: Catalog): Preset | null {
  const roles = new Set(catalog.roles.map(({ name }) => name));
  const routine = (schema: string, name: string): boolean =>
    catalog.routines.some((each) => each.schema === schema && each.name === name);
  if (routine('bulkhead', 'verified_context') && roles.has('bulkhead_app')) return 'bulkhead';
  if (['anon', 'authenticated'].every((role) => roles.has(role)) && routine('auth', 'uid')) return 'supabase';
  const usesClaims = catalog.relations.some(({ policies }) =>
    policies.some(({ using, withCheck }) => /request\.jwt\.claim/.test(`${using} ${withCheck}`)),
  );
  return usesClaims ? 'postgrest' : null;
}

type Notes = TenantModel['notes'];

/** The roles that tenants' requests run as. */
export function applicationRoles(
  { catalog, access, facts }: { catalog: Catalog; access: Access; facts: Facts },
  settings: ModelSettings,
  notes: Notes,
): string[] {
  if (settings.roles !== undefined) {
    notes.push({
      text: `The application runs as ${settings.roles.join(', ')}.`,
      origin: settings.origin ?? 'flag',
    });
    return settings.roles;
  }
  const preset = settings.preset ?? detectPreset(catalog);
  const usual =
    preset === null ? [] : presets[preset].roles.filter((role) => access.role(role) !== undefined);
  // Roles are the cluster's: another database's may bear a usual name and mean nothing here.
  const candidates = scored({ catalog, access });
  const held = usual.filter((role) => candidates.includes(role));
  const preferred = held.length > 0 ? held : usual;
  if (preferred.length > 0) {
    notes.push({
      text: `The application runs as ${preferred.join(', ')}: roles of the ${preset} preset.`,
      origin: 'preset',
    });
    return preferred;
  }
  const privileged = candidates.filter((role) => opensItself(role, facts));
  const rest =
    privileged.length === candidates.length
      ? candidates
      : candidates.filter((role) => !privileged.includes(role));
  if (rest.length > 0) {
    notes.push({
      text: `The application runs as ${rest.join(', ')}: it holds privileges on tables and owns none.`,
      origin: 'inferred',
    });
  }
  for (const role of privileged.filter((each) => !rest.includes(each))) {
    notes.push({
      text: `Role ${role} was taken for staff, not for a tenant: policies name it to open tables to it.`,
      origin: 'inferred',
    });
  }
  return rest;
}

/** Roles that hold privileges on tables and are nobody's superuser, those on most tables first. */
function scored({ catalog, access }: { catalog: Catalog; access: Access }): string[] {
  const owners = new Set(catalog.relations.map(({ owner }) => owner));
  const roles = catalog.roles.filter(({ name, superuser }) => !superuser && !platformRoles.test(name));
  const grantees = new Map<string, number>();
  for (const relation of catalog.relations) {
    const here = new Set(
      [...relation.grants, ...relation.columns.flatMap(({ grants }) => grants)].map(({ grantee }) => grantee),
    );
    for (const grantee of here) grantees.set(grantee, (grantees.get(grantee) ?? 0) + 1);
  }
  const score = (role: string): number =>
    [...access.inherits(role)].reduce((sum, each) => sum + (grantees.get(each) ?? 0), 0) -
    (grantees.get('public') ?? 0);
  const users = roles.filter(({ name }) => score(name) > 0 && !owners.has(name));
  // With nobody else to use the tables, a login role that owns them is the application.
  const found = users.length > 0 ? users : roles.filter(({ name, canLogin }) => owners.has(name) && canLogin);
  // A group's role is used through its members, unless these hold privileges of their own.
  const stands = ({ name, canLogin }: Role): boolean =>
    canLogin ||
    !found.some(
      (other) => other.name !== name && !grantees.has(other.name) && access.inherits(other.name).has(name),
    );
  const leaves = found.filter(stands);
  return leaves.map(({ name }) => name).toSorted((a, b) => score(b) - score(a) || a.localeCompare(b));
}

/** Whether a policy names the role to open a table to it on which another role's policy confines that one to its tenant. */
function opensItself(role: string, facts: Facts): boolean {
  return [...facts.policies.values()].some((policies) => {
    const open = policies.some(
      ({ policy, using }) => policy.permissive && policy.roles.includes(role) && using?.always === true,
    );
    const confines = ({ using }: PolicyFacts): boolean =>
      using?.parts.every(({ lets }) => lets === 'confined') === true;
    const others = policies.filter(
      ({ policy }) => !policy.roles.includes(role) && !policy.roles.includes('public'),
    );
    return open && others.some(confines);
  });
}
