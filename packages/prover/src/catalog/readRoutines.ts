import { grantsOf } from './grants.ts';
import { systemSchemas, type Section } from './section.ts';
import type { Routine } from './types.ts';

type Row = Omit<Routine, 'grants'> & { acl: string[] };

/** Functions and procedures; not aggregates and window functions, which have no body of their own. */
export async function readRoutines(section: Section): Promise<Routine[]> {
  const rows = await section<Row>('functions', routinesQuery);
  return rows.map(({ acl, ...routine }) => ({ ...routine, grants: grantsOf(acl) }));
}

const routinesQuery = `select p.oid::text as id, n.nspname as schema, p.proname as name,
    pg_get_function_identity_arguments(p.oid) as arguments, pg_get_userbyid(p.proowner) as owner, l.lanname as language,
    p.prosecdef as "securityDefiner",
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
    p.proleakproof as leakproof, p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as "returnsTrigger",
    coalesce(pg_get_function_result(p.oid), 'void') as returns, coalesce(p.proconfig, '{}') as settings,
    case when e.extname is not null or l.lanname in ('c', 'internal') then null
      else coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) end as body,
    p.prosqlbody is not null as "standardBody", p.proacl is not null as "grantsExplicit",
    case when e.extname is null and l.lanname = 'plpgsql' then pg_get_functiondef(p.oid) end as definition,
    e.extname as extension, coalesce(p.proacl, acldefault('f', p.proowner))::text[] as acl
  from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    left join pg_depend x on x.objid = p.oid and x.classid = 'pg_proc'::regclass and x.deptype = 'e'
      and x.refclassid = 'pg_extension'::regclass
    left join pg_extension e on e.oid = x.refobjid
  where p.prokind in ('f', 'p') and not ${systemSchemas}
  order by n.nspname, p.proname, p.oid`;
