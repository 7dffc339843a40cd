import type { Catalog, Relation } from '../catalog/types.ts';
import { nameOf, type Facts, type PolicyFacts } from '../parse/facts.ts';
import type { Confinement } from '../parse/confine.ts';
import type { Identity } from '../parse/identity.ts';
import { createAccess, type Access } from './access.ts';
import { applicationRoles, detectPreset } from './roles.ts';
import { managedSchemas, presets, tenantNames, type ModelSettings } from './settings.ts';
import type { IdentityCarrier, TenantModel, TenantTable } from './types.ts';

type Given = { catalog: Catalog; facts: Facts; access: Access; settings: ModelSettings };

/** Concludes from the policies how a database tells tenants apart; what the user says comes first. */
export function inferModel(
  catalog: Catalog,
  facts: Facts,
  settings: ModelSettings = {},
): TenantModel & { access: Access } {
  const access = createAccess(catalog);
  const given: Given = { catalog, facts, access, settings };
  const notes: TenantModel['notes'] = [];
  const preset = settings.preset ?? detectPreset(catalog);
  if (preset !== null) {
    notes.push({
      text: `Read with the ${preset} preset.`,
      origin: settings.preset === undefined ? 'inferred' : (settings.origin ?? 'flag'),
    });
  }
  const roles = applicationRoles({ catalog, access, facts }, settings, notes);
  const exposedSchemas = schemasOf(given, roles, preset);
  const model: TenantModel = {
    preset,
    carriers: [],
    applicationRoles: roles,
    exposedSchemas,
    tables: [],
    unresolved: [],
    shared: [],
    notes,
  };
  placeTables(model, given);
  model.carriers = carriersOf(given, preset, notes);
  return { ...model, access };
}

function schemasOf(
  { catalog, access, settings }: Given,
  roles: readonly string[],
  preset: TenantModel['preset'],
): string[] {
  if (settings.schemas !== undefined) return settings.schemas;
  const usual = preset === null ? null : presets[preset].schemas;
  return catalog.schemas
    .map(({ name }) => name)
    .filter(
      (name) =>
        (usual?.includes(name) ?? !managedSchemas.has(name)) || (usual !== null && !managedSchemas.has(name)),
    )
    .filter((name) => roles.length === 0 || roles.some((role) => access.mayUse(role, name)));
}

/** Sorts every table an application role can reach into those of a tenant, shared ones and those that nothing tells of. */
function placeTables(model: TenantModel, given: Given): void {
  const { catalog, settings, facts } = given;
  const inferred = new Map<string, TenantTable>();
  for (const relation of catalog.relations) {
    const table =
      fromSettings(relation, settings) ?? fromPolicies(relation, facts.policies.get(relation.id) ?? []);
    if (table !== null) inferred.set(relation.id, table);
  }
  const columns = tenantColumns([...inferred.values()]);
  for (const relation of catalog.relations) {
    if (
      !['r', 'p'].includes(relation.kind) ||
      !model.exposedSchemas.includes(relation.schema) ||
      relation.extension !== null
    )
      continue;
    if (settings.shared?.includes(`${relation.schema}.${relation.name}`) === true) {
      model.shared.push({ relationId: relation.id, why: `said so by ${settings.origin ?? 'flag'}` });
      continue;
    }
    const table = inferred.get(relation.id) ?? byName(relation, columns);
    if (table !== null) model.tables.push(table);
    else placeRest(relation, model, given);
  }
}

function placeRest(relation: Relation, model: TenantModel, { access, facts }: Given): void {
  const may = (privilege: string): boolean =>
    model.applicationRoles.some((role) => access.may(role, privilege, relation));
  const belongs = relation.foreignKeys.some(
    ({ parentId }) => (facts.lookup.relation(parentId)?.policies.length ?? 0) > 0,
  );
  const writable = ['insert', 'update', 'delete'].some(may);
  const open = (facts.policies.get(relation.id) ?? []).every(({ using }) => using?.always !== false);
  if (!writable && !may('select'))
    model.shared.push({ relationId: relation.id, why: 'no application role has a privilege on it' });
  else if (!writable && !belongs && open) {
    model.shared.push({
      relationId: relation.id,
      why: 'application roles may only read it, and no column ties it to a tenant',
    });
  } else if (!managedSchemas.has(relation.schema))
    model.unresolved.push({
      relationId: relation.id,
      why: 'no policy and no column name says whose its rows are',
    });
}

function fromSettings(relation: Relation, settings: ModelSettings): TenantTable | null {
  const { tenantColumns = {}, origin = 'flag' } = settings;
  const named = tenantColumns[`${relation.schema}.${relation.name}`] ?? tenantColumns['*'];
  const column = relation.columns.find(({ name }) => name === named)?.name;
  return column === undefined ? null : { relationId: relation.id, column, via: { kind: 'direct' }, origin };
}

/** The confinement that all rows must pass, a restrictive policy's before a permissive one's, a direct one first. */
function fromPolicies(relation: Relation, policies: readonly PolicyFacts[]): TenantTable | null {
  const clauses = policies
    .toSorted((a, b) => Number(a.policy.permissive) - Number(b.policy.permissive))
    .flatMap(({ using, check }) => [using, check].filter((clause) => clause !== null));
  const confinements = clauses.flatMap(({ parts }) => parts.flatMap((part) => part.confinements));
  const order = { direct: 0, membership: 1, function: 2, parent: 3 };
  const rank = ({ column, via }: Confinement): number => {
    const name = tenantNames.indexOf(column);
    return order[via] * 100 + (name === -1 ? tenantNames.length : name);
  };
  const [best] = confinements.toSorted((a, b) => rank(a) - rank(b));
  if (best === undefined || best.via === 'parent') return null;
  const via: TenantTable['via'] =
    best.membership === null
      ? { kind: 'direct' }
      : {
          kind: 'membership',
          relationId: best.membership.relationId,
          identityColumn: best.membership.identityColumn,
          tenantColumn: best.membership.tenantColumn,
        };
  return { relationId: relation.id, column: best.column, via, origin: 'inferred' };
}

/** Tenant columns' names, the most used first. */
function tenantColumns(tables: readonly TenantTable[]): string[] {
  const counted = Map.groupBy(tables, ({ column }) => column);
  const used = [...counted.entries()]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([column]) => column);
  return [...used.filter((column) => column !== 'id'), ...tenantNames];
}

function byName(relation: Relation, columns: readonly string[]): TenantTable | null {
  const column = columns.find((name) => relation.columns.some((each) => each.name === name));
  return column === undefined
    ? null
    : { relationId: relation.id, column, via: { kind: 'direct' }, origin: 'inferred' };
}

function carriersOf(
  { catalog, facts, settings }: Given,
  preset: TenantModel['preset'],
  notes: TenantModel['notes'],
): IdentityCarrier[] {
  if (settings.carriers !== undefined) return settings.carriers;
  const counted = new Map<string, { carrier: IdentityCarrier; count: number; example: string }>();
  for (const relation of catalog.relations) {
    for (const { using, check } of facts.policies.get(relation.id) ?? []) {
      for (const identity of [...(using?.parts ?? []), ...(check?.parts ?? [])].flatMap(confining)) {
        const { session: _, ...carrier } = identity;
        const key = JSON.stringify(carrier);
        const known = counted.get(key);
        if (known === undefined) counted.set(key, { carrier, count: 1, example: nameOf(relation) });
        else known.count += 1;
      }
    }
  }
  const found = [...counted.values()].toSorted((a, b) => b.count - a.count);
  for (const { carrier, example } of found)
    notes.push({
      text: `Sessions say who they are by ${carrierText(carrier)}: so say the policies of ${example}.`,
      origin: 'inferred',
    });
  if (found.length > 0) return found.map(({ carrier }) => carrier);
  const assumed = preset === null ? [] : presets[preset].carriers;
  for (const carrier of assumed)
    notes.push({ text: `Sessions say who they are by ${carrierText(carrier)}.`, origin: 'preset' });
  return assumed;
}

function confining(part: { lets: string; confinements: readonly Confinement[] }): Identity[] {
  return part.lets === 'confined' ? part.confinements.flatMap(({ identity }) => identity ?? []) : [];
}

/** A carrier in words. */
export function carrierText(carrier: IdentityCarrier): string {
  switch (carrier.kind) {
    case 'setting':
      return `the setting ${carrier.name}`;
    case 'claim':
      return `the claim ${carrier.path.join('.')} in the setting ${carrier.setting}`;
    case 'role':
      return 'the name of the database role';
    case 'sealed':
      return `Bulkhead's sealed context in the setting ${carrier.setting}`;
  }
}
