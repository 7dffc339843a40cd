import type pg from 'pg';
import type { Problems } from './check.ts';

const uncommented = `
  with named (kind, name, class, object) as (
    select 'schema', n.nspname::text, 'pg_namespace'::regclass, n.oid
    from pg_namespace n where n.nspname = any ($1)
    union all
    select case c.relkind when 'v' then 'view' else 'table' end, n.nspname || '.' || c.relname,
      'pg_class'::regclass, c.oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
    union all
    select 'function', p.oid::regprocedure::text, 'pg_proc'::regclass, p.oid
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any ($1)
    union all
    select 'type', n.nspname || '.' || t.typname, 'pg_type'::regclass, t.oid
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = any ($1) and t.typtype in ('e', 'd')
  )
  select kind, name from named
  where not exists (
    select from pg_description d where d.classoid = class and d.objoid = object and d.objsubid = 0
  )
  order by kind, name`;

/** Every schema, table, view, function and type of ours says what it is for; a column where its name does not. */
export async function commentProblems(client: pg.Client, schemas: readonly string[]): Promise<Problems> {
  const { rows } = await client.query<{ kind: string; name: string }>(uncommented, [schemas]);
  return rows.map(({ kind, name }) => `${kind} ${name}: say what it is for with "comment on ${kind}"`);
}

const looseFunctions = `
  select p.oid::regprocedure::text as name,
    case when has_function_privilege('public', p.oid, 'execute') then 'PUBLIC may execute it: revoke that'
      else 'it has neither a standard SQL body nor an empty search_path' end as problem
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any ($1)
    and (has_function_privilege('public', p.oid, 'execute')
      or (p.prokind <> 'a' and p.prosqlbody is null and not coalesce(p.proconfig, '{}') @> array['search_path=""']))
  order by 1`;

/** T-7: no function of ours is PUBLIC's to execute or looks names up along a path that others control. */
export async function functionProblems(client: pg.Client, schemas: readonly string[]): Promise<Problems> {
  const { rows } = await client.query<{ name: string; problem: string }>(looseFunctions, [schemas]);
  return rows.map(({ name, problem }) => `function ${name}: ${problem}`);
}

/** No migration makes a schema that nothing here looks at; the migrator's own notes are no schema of a migration. */
export async function schemaListProblems(client: pg.Client, schemas: readonly string[]): Promise<Problems> {
  const { rows } = await client.query<{ name: string }>(
    `select nspname::text as name from pg_namespace
     where nspname !~ '^pg_' and nspname <> all (array['information_schema', 'public', 'bulkhead_migration']) and nspname <> all ($1) order by 1`,
    [schemas],
  );
  return rows.map(({ name }) => `schema ${name}: list it in tools/check/schema.ts`);
}
