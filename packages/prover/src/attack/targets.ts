import type { Catalog, Relation } from '../catalog/types.ts';
import type { TenantModel } from '../model/types.ts';
import type { Arena } from './arena.ts';
import { columnOf, labelOf, quote } from './sql.ts';
import type { Rights, Target } from './types.ts';

/** Tables of the model, what is partitioned from or inherits them, and the views on them. */
export function targetsOf(
  catalog: Catalog,
  model: TenantModel,
  rights: ReadonlyMap<string, Rights>,
): Target[] {
  const relations = new Map(catalog.relations.map((relation) => [relation.id, relation]));
  const targets = new Map<string, Target>();
  const add = (target: Omit<Target, 'label' | 'can'>): void => {
    if (targets.has(target.relation.id)) return;
    targets.set(target.relation.id, {
      ...target,
      label: labelOf(target.relation),
      can: rights.get(target.relation.id) ?? none,
    });
  };
  for (const { relationId, column, via } of model.tables) {
    const relation = relations.get(relationId);
    if (relation === undefined || relation.kind === 'v' || relation.kind === 'm') continue;
    const kind = relation.parentId === null ? 'table' : 'child';
    add({ kind, relation, column: columnOf(relation, column) ?? null, via, base: relation });
  }
  // Children of children come after their parents in at most as many rounds as there are levels.
  for (let grown = true; grown;) {
    const before = targets.size;
    for (const relation of catalog.relations) {
      const parent = relation.parentId === null ? undefined : targets.get(relation.parentId);
      if (parent?.column === undefined || parent.column === null) continue;
      add({
        ...parent,
        kind: 'child',
        relation,
        base: relation,
        column: columnOf(relation, parent.column.name) ?? null,
      });
    }
    grown = targets.size > before;
  }
  for (const view of catalog.relations) addView(view, { relations, targets, add });
  return [...targets.values()];
}

type Adding = {
  relations: ReadonlyMap<string, Relation>;
  targets: ReadonlyMap<string, Target>;
  add: (target: Omit<Target, 'label' | 'can'>) => void;
};

function addView(view: Relation, { relations, targets, add }: Adding): void {
  if (view.kind !== 'v' && view.kind !== 'm') return;
  const bases = basesOf(view, relations).flatMap((id) => {
    const target = targets.get(id);
    return target === undefined || target.kind === 'view' ? [] : [target];
  });
  const shows = bases.find(({ column }) => column !== null && columnOf(view, column.name) !== undefined);
  const base = shows ?? bases[0];
  if (base === undefined) return;
  const column =
    shows?.column === undefined || shows.column === null ? null : (columnOf(view, shows.column.name) ?? null);
  add({ kind: 'view', relation: view, column, via: base.via, base: base.relation });
}

/** Tables that a view reads, through other views too. */
function basesOf(view: Relation, relations: ReadonlyMap<string, Relation>): string[] {
  const found = new Set<string>();
  const visit = (relation: Relation): void => {
    for (const id of relation.reads) {
      if (found.has(id)) continue;
      found.add(id);
      const read = relations.get(id);
      if (read !== undefined) visit(read);
    }
  };
  visit(view);
  return [...found];
}

const none: Rights = {
  select: new Set(),
  insert: new Set(),
  update: new Set(),
  delete: false,
  truncate: false,
};

/** What a role may do to every relation, in one query. */
export async function readRights(arena: Arena, role: string): Promise<Map<string, Rights>> {
  const name = quote(role);
  const rows = await arena.ask(`select c.oid::text, has_table_privilege(${name}, c.oid, 'delete')::int::text,
      has_table_privilege(${name}, c.oid, 'truncate')::int::text, json_agg(a.attname) filter (where has_column_privilege(${name}, c.oid, a.attnum, 'select')),
      json_agg(a.attname) filter (where has_column_privilege(${name}, c.oid, a.attnum, 'insert')),
      json_agg(a.attname) filter (where has_column_privilege(${name}, c.oid, a.attnum, 'update'))
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and has_schema_privilege(${name}, c.relnamespace, 'usage')
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    group by c.oid`);
  const columns = (text: string | null | undefined): ReadonlySet<string> =>
    new Set(text === null || text === undefined ? [] : (JSON.parse(text) as string[]));
  return new Map(
    rows.map(([id, remove, truncate, select, insert, update]) => [
      id ?? '',
      {
        select: columns(select),
        insert: columns(insert),
        update: columns(update),
        delete: remove === '1',
        truncate: truncate === '1',
      },
    ]),
  );
}
