import type { Catalog } from '../../packages/prover/src/catalog/types.ts';
import type {
  IdentityCarrier,
  Preset,
  TenantModel,
  TenantTable,
} from '../../packages/prover/src/model/types.ts';

/** A small schema with one hole, or a sound one that looks like it, and what attacks are to find in it. */
export type Control = {
  name: string;
  sql: string;
  /** roles it needs, made before it */
  roles: string[];
  sound: boolean;
  /** of the database it is built in */
  template: 'empty' | 'kernel';
  /** whether `table attack` is a leak that is there */
  leaks: (table: string, attack: string) => boolean;
  /** what the leaks are said to be, as `table attack`, `*` for every table */
  expected: string[];
  model: (catalog: Catalog) => TenantModel;
};

const fields = (sql: string, name: string): string[] =>
  [...sql.matchAll(new RegExp(`^-- ${name}: (.+)$`, 'gm'))].map(([, value]) => (value ?? '').trim());

/** Reads a control's head: lines of `-- field: value`. */
export function controlOf(name: string, sql: string): Control {
  const roles = fields(sql, 'roles').flatMap((line) => line.split(/,\s*/));
  const expected = fields(sql, 'leaks').flatMap((line) => {
    const [, table = '*', attacks = ''] = /^(function \S+|\S+) (.+)$/.exec(line) ?? [];
    return attacks.split(/,\s*/).map((attack) => `${table} ${attack}`);
  });
  return {
    name,
    sql,
    roles,
    sound: name.includes('sound-'),
    template: fields(sql, 'template')[0] === 'kernel' ? 'kernel' : 'empty',
    expected,
    leaks: (table, attack) => expected.includes(`${table} ${attack}`) || expected.includes(`* ${attack}`),
    model: (catalog) => modelOf(sql, roles, catalog),
  };
}

function modelOf(sql: string, roles: readonly string[], catalog: Catalog): TenantModel {
  const idOf = (name: string): string => {
    const found = catalog.relations.find((relation) => `${relation.schema}.${relation.name}` === name);
    if (found === undefined) throw new Error(`the control names ${name}, which it does not create`);
    return found.id;
  };
  const tables = fields(sql, 'table').map((line): TenantTable => {
    const [name = '', column = '', ...membership] = line.split(line.includes(' | ') ? ' | ' : ' ');
    const [relation, identityColumn = '', tenantColumn = ''] = membership;
    return {
      relationId: idOf(name),
      column,
      via:
        relation === undefined
          ? { kind: 'direct' }
          : { kind: 'membership', relationId: idOf(relation), identityColumn, tenantColumn },
      origin: 'config',
    };
  });
  return {
    preset: (fields(sql, 'preset')[0] as Preset | undefined) ?? null,
    carriers: fields(sql, 'carrier').map((text) => JSON.parse(text) as IdentityCarrier),
    applicationRoles: [...roles],
    exposedSchemas: ['public'],
    tables,
    unresolved: [],
    shared: [],
    notes: [],
  };
}
