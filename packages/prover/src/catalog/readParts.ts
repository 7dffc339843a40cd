import { grantsOf } from './grants.ts';
import { grouped, systemSchemas, type Section } from './section.ts';
import type { Column, ForeignKey, Index, Key, Policy, Trigger } from './types.ts';

type Of<Part> = Map<string, Part[]>;

export type Parts = {
  columns: Of<Column>;
  policies: Of<Policy>;
  keys: Of<Key>;
  foreignKeys: Of<ForeignKey>;
  indexes: Of<Index>;
  triggers: Of<Trigger>;
  checks: Of<{ name: string; expression: string }>;
  reads: Of<{ read: string }>;
};

/** What belongs to relations, by relation id: one query a kind. */
export async function readParts(section: Section): Promise<Parts> {
  const columns = await section<Column & { relation: string; acl: string[] | null }>('columns', columnsQuery);
  const indexes = await section<Index & { relation: string; constrained: boolean }>('indexes', indexesQuery);
  const keys = await section<Key & { relation: string }>('keys', keysQuery);
  return {
    columns: grouped(columns.map(({ acl, ...column }) => ({ ...column, grants: grantsOf(acl) }))),
    policies: grouped(await section<Policy & { relation: string }>('policies', policiesQuery)),
    keys: grouped([...keys, ...indexes.filter((index) => index.unique && !index.constrained).map(keyOf)]),
    foreignKeys: grouped(await section<ForeignKey & { relation: string }>('foreign keys', foreignKeysQuery)),
    indexes: grouped(indexes.map(({ constrained: _, ...index }) => index)),
    triggers: grouped(await section<Trigger & { relation: string }>('triggers', triggersQuery)),
    checks: grouped(
      await section<{ name: string; expression: string; relation: string }>('check constraints', checksQuery),
    ),
    reads: grouped(await section<{ relation: string; read: string }>('what views read', readsQuery)),
  };
}

function keyOf(index: Index & { relation: string }): Key & { relation: string } {
  const expressions = index.expressions.values();
  return {
    relation: index.relation,
    name: index.name,
    kind: 'unique',
    columns: index.columns.map((column) => column ?? expressions.next().value ?? ''),
    predicate: index.predicate,
    bare: true,
  };
}

const columnsQuery = `select a.attrelid::text as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) else format_type(a.atttypid, a.atttypmod) end as "baseType",
    a.attnotnull or (t.typtype = 'd' and t.typnotnull) as "notNull", a.atthasdef as "hasDefault",
    case when a.atthasdef then pg_get_expr(f.adbin, f.adrelid) end as "defaultExpression",
    case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
    case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
    a.attnum as position, a.attacl::text[] as acl
  from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum and a.atthasdef
  where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and not ${systemSchemas}
  order by a.attrelid, a.attnum`;

const policiesQuery = `select p.polrelid::text as relation, p.polname as name, p.polpermissive as permissive,
    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
    array(select case r when 0 then 'public' else pg_get_userbyid(r) end from unnest(p.polroles) r)::text[] as roles,
    pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "withCheck"
  from pg_policy p order by p.polrelid, p.polname`;

const names = (numbers: string, relation: string) =>
  `array(select a.attname from unnest(${numbers}) with ordinality u(number, place)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = u.number order by u.place)::text[]`;

const keysQuery = `select k.conrelid::text as relation, k.conname as name,
    case k.contype when 'p' then 'primary' when 'u' then 'unique' else 'exclusion' end as kind,
    ${names('k.conkey', 'k.conrelid')} as columns, pg_get_expr(i.indpred, i.indrelid) as predicate, false as bare
  from pg_constraint k join pg_index i on i.indexrelid = k.conindid
  where k.contype in ('p', 'u', 'x') and k.conrelid <> 0 order by k.conrelid, k.conname`;

const action = (column: string) =>
  `case ${column} when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end`;

const foreignKeysQuery = `select k.conrelid::text as relation, k.conname as name, ${names('k.conkey', 'k.conrelid')} as columns,
    k.confrelid::text as "parentId", ${names('k.confkey', 'k.confrelid')} as "parentColumns",
    ${action('k.confdeltype')} as "onDelete", ${action('k.confupdtype')} as "onUpdate", k.convalidated as validated
  from pg_constraint k where k.contype = 'f' and k.conparentid = 0 order by k.conrelid, k.conname`;

const indexesQuery = `select i.indrelid::text as relation, c.relname as name,
    array(select a.attname from generate_series(0, i.indnkeyatts - 1) k
      left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k] and i.indkey[k] <> 0 order by k)::text[] as columns,
    case when i.indexprs is null then '{}' else array(select pg_get_indexdef(i.indexrelid, k + 1, true)
      from generate_series(0, i.indnkeyatts - 1) k where i.indkey[k] = 0 order by k) end as expressions,
    m.amname as method, i.indisunique as "unique", i.indisvalid as valid, pg_get_expr(i.indpred, i.indrelid) as predicate,
    exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')) as constrained
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
    join pg_namespace n on n.oid = c.relnamespace
  where not ${systemSchemas} order by i.indrelid, c.relname`;

const triggersQuery = `select t.tgrelid::text as relation, t.tgname as name, t.tgfoid::text as "functionId",
    t.tgenabled <> 'D' as enabled, pg_get_triggerdef(t.oid) as definition
  from pg_trigger t where not t.tgisinternal and t.tgparentid = 0 order by t.tgrelid, t.tgname`;

const checksQuery = `select k.conrelid::text as relation, k.conname as name, pg_get_expr(k.conbin, k.conrelid) as expression
  from pg_constraint k where k.contype = 'c' and k.conrelid <> 0 order by k.conrelid, k.conname`;

const readsQuery = `select distinct r.ev_class::text as relation, d.refobjid::text as read
  from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and d.refobjid <> r.ev_class and not ${systemSchemas} order by 1, 2`;
