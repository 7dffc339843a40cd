import { readParts } from './readParts.ts';
import { grantsOf } from './grants.ts';
import { systemSchemas, type Section } from './section.ts';
import type { Relation } from './types.ts';

type Head = Pick<
  Relation,
  | 'id'
  | 'schema'
  | 'name'
  | 'kind'
  | 'owner'
  | 'rls'
  | 'forceRls'
  | 'parentId'
  | 'isPartition'
  | 'estimatedRows'
  | 'options'
  | 'definition'
  | 'comment'
  | 'extension'
> & { acl: string[] };

/** Tables, views and foreign tables with all their parts, in a fixed number of queries whatever their number. */
export async function readRelations(section: Section): Promise<Relation[]> {
  const heads = await section<Head>('relations', headsQuery);
  const parts = await readParts(section);
  return heads.map(({ acl, ...head }) => ({
    ...head,
    grants: grantsOf(acl),
    reads: (parts.reads.get(head.id) ?? []).map(({ read }) => read),
    columns: parts.columns.get(head.id) ?? [],
    policies: parts.policies.get(head.id) ?? [],
    keys: parts.keys.get(head.id) ?? [],
    foreignKeys: parts.foreignKeys.get(head.id) ?? [],
    indexes: parts.indexes.get(head.id) ?? [],
    triggers: parts.triggers.get(head.id) ?? [],
    checks: parts.checks.get(head.id) ?? [],
  }));
}

const headsQuery = `select c.oid::text as id, n.nspname as schema, c.relname as name, c.relkind as kind,
    pg_get_userbyid(c.relowner) as owner, c.relrowsecurity as rls, c.relforcerowsecurity as "forceRls",
    i.inhparent::text as "parentId", c.relispartition as "isPartition", c.reltuples::float8 as "estimatedRows",
    coalesce(c.reloptions, '{}') as options,
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
    d.description as comment, e.extname as extension,
    coalesce(c.relacl, acldefault('r', c.relowner))::text[] as acl
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_inherits i on i.inhrelid = c.oid and i.inhseqno = 1
    left join pg_description d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0
    left join pg_depend x on x.objid = c.oid and x.classid = 'pg_class'::regclass and x.deptype = 'e'
      and x.refclassid = 'pg_extension'::regclass
    left join pg_extension e on e.oid = x.refobjid
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and not ${systemSchemas}
  order by n.nspname, c.relname`;
