import type pg from 'pg';

export type Scope = 'tenant' | 'company' | 'user';

export type Column = {
  name: string;
  type: string;
  required: boolean;
  /** has a default, an identity or a generation expression */
  filled: boolean;
  generated: boolean;
  /** first label of an enum */
  label: string | null;
};

export type ForeignKey = { name: string; parent: string; columns: string[]; parentColumns: string[] };

/** A registered table as the catalog has it. `label` is schema.table, both unquoted lower-case names. */
export type Table = {
  label: string;
  treatment: 'protected' | 'shared' | 'exempt';
  scope: Scope | null;
  deleteMode: 'soft' | 'hard' | 'none' | null;
  writeMode: 'full' | 'append' | 'none' | null;
  immutable: string[];
  columns: Column[];
  foreignKeys: ForeignKey[];
};

const tables = `
select bulkhead.table_label(r.target) as label, r.treatment, r.scope, r.delete_mode as "deleteMode",
  r.write_mode as "writeMode", r.immutable_columns as immutable,
  (select json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, null), 'required', a.attnotnull,
      'filled', a.atthasdef or a.attidentity <> '', 'generated', a.attgenerated <> '' or a.attidentity = 'a',
      'label', (select e.enumlabel from pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder limit 1))
      order by a.attnum)
    from pg_attribute a where a.attrelid = r.target and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(json_build_object(
      'name', c.conname, 'parent', bulkhead.table_label(c.confrelid),
      'columns', bulkhead.key_columns(c.conrelid::regclass, c.conkey),
      'parentColumns', bulkhead.key_columns(c.confrelid::regclass, c.confkey)) order by c.conname), '[]')
    from pg_constraint c
    where c.conrelid = r.target and c.contype = 'f' and c.conparentid = 0) as "foreignKeys"
from bulkhead.registered_table r
order by 1`;

/** Every registered table, parents before the tables that refer to them. */
export async function readTables(superuser: pg.Client): Promise<Table[]> {
  const { rows } = await superuser.query<Table>(tables);
  const ordered: Table[] = [];
  const visit = (table: Table, path: readonly string[]): void => {
    if (ordered.includes(table) || path.includes(table.label)) return;
    for (const { parent } of table.foreignKeys) {
      const found = rows.find(({ label }) => label === parent);
      if (found !== undefined) visit(found, [...path, table.label]);
    }
    ordered.push(table);
  };
  for (const table of rows) visit(table, []);
  return ordered;
}

/** Tables and partitioned tables outside of the kernel that nobody registered: cells would miss them. */
export async function unregisteredTables(superuser: pg.Client): Promise<string[]> {
  const { rows } = await superuser.query<{ label: string }>(`
    select bulkhead.table_label(c.oid::regclass) as label
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f') and n.nspname !~ '^(pg_|information_schema$|bulkhead)'
      and not exists (select from pg_inherits i where i.inhrelid = c.oid)
      and not exists (select from bulkhead.registered_table r where r.target = c.oid)
    order by 1`);
  return rows.map(({ label }) => label);
}

export function scopeColumns(scope: Scope | null): string[] {
  if (scope === null) return [];
  return ['tenant_id', ...(scope === 'company' ? ['company_id'] : scope === 'user' ? ['account_id'] : [])];
}
