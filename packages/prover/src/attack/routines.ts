import type { Catalog, Relation, Routine } from '../catalog/types.ts';
import type { TenantModel } from '../model/types.ts';
import type { Arena } from './arena.ts';
import { integerTypes, type World } from './identity.ts';
import { identifier, quote } from './sql.ts';
import type { Row } from './types.ts';
import { patternsIn } from './values.ts';

/** A function that runs with its owner's rights and touches tenants' rows. */
export type Definer = {
  id: string;
  label: string;
  schema: string;
  name: string;
  argumentTypes: readonly string[];
  mayExecute: boolean;
  procedure: boolean;
  /** ids of the tenant tables that its body, or that of a function it calls, names */
  bases: readonly string[];
  /** whether it gives an answer at all */
  answers: boolean;
  /** texts that the regular expressions in its body match */
  patterns: readonly string[];
  /** why it must not be called, or null */
  danger: string | null;
};

/** What reaches outside the database, where a rollback does not: none of it is called. */
export const outside =
  /\b(dblink\w*|http_(get|post|put|delete)|http\s*\(|net\.http\w*|pg_net|lo_export|lo_import|pg_(read|write)_\w+|pg_terminate_backend|pg_cancel_backend|pg_sleep\w*|pg_advisory_lock\w*|nextval|copy\s+\S+\s+(to|from))\b/i;

/** Definer functions that a client could call, one query for all. */
export async function readDefiners(
  arena: Arena,
  role: string,
  { catalog, model }: { catalog: Catalog; model: TenantModel },
): Promise<Definer[]> {
  const rows = await arena.ask(`select p.oid::text, n.nspname, p.proname, p.prokind::text,
      (has_function_privilege(${quote(role)}, p.oid, 'execute') and has_schema_privilege(${quote(role)}, n.oid, 'usage'))::int::text,
      (select coalesce(json_agg(format_type(t.type, null) order by t.at), '[]') from unnest(p.proargtypes) with ordinality as t (type, at))::text
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and p.prokind in ('f', 'p') and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and n.nspname not in ('pg_catalog', 'information_schema')
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by n.nspname, p.proname, p.oid`);
  const routines = new Map(catalog.routines.map((routine) => [routine.id, routine]));
  return rows.flatMap(([id, schema, name, kind, execute, types]) => {
    const routine = routines.get(id ?? '');
    if (
      routine === undefined ||
      schema === undefined ||
      schema === null ||
      name === undefined ||
      name === null
    )
      return [];
    const body = reachedBody(routine, catalog.routines);
    const argumentTypes = JSON.parse(types ?? '[]') as string[];
    const bases = basesIn(body, catalog.relations, model);
    if (bases.length === 0) return [];
    const reach = outside.exec(body)?.[0];
    const danger =
      reach === undefined ? null : `it is not called, because ${reach} in it is not undone by a rollback`;
    const label = `${identifier(schema)}.${identifier(name)}(${argumentTypes.join(', ')})`;
    const answers = routine.returns !== 'void' && kind !== 'p';
    const rest = { answers, patterns: patternsIn(body), bases, danger };
    return [
      {
        id: routine.id,
        label,
        schema,
        name,
        argumentTypes,
        mayExecute: execute === '1',
        procedure: kind === 'p',
        ...rest,
      },
    ];
  });
}

/** Its own body and those of all functions that are named in it, directly or through others. */
export function reachedBody(routine: Routine, all: readonly Routine[]): string {
  const reached = new Set([routine]);
  for (const each of reached)
    for (const other of all)
      if (!reached.has(other) && each.body?.includes(`${other.name}(`) === true) reached.add(other);
  return [...reached].map(({ body }) => body ?? '').join('\n');
}

function basesIn(body: string, relations: readonly Relation[], model: TenantModel): string[] {
  const tables = new Set(model.tables.map(({ relationId }) => relationId));
  return relations
    .filter(
      ({ id, name }) =>
        tables.has(id) &&
        new RegExp(`(?<!\\w)${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`).test(body),
    )
    .map(({ id }) => id);
}

/** Calls with arguments that point at the other tenant: its own value, and then its rows' values. */
export function callsOf(definer: Definer, theirs: World, rows: readonly Row[]): string[] {
  const keys = rows.flatMap((row) => Object.values(row));
  const named = `${identifier(definer.schema)}.${identifier(definer.name)}`;
  const call = (values: readonly string[]): string =>
    definer.procedure
      ? `call ${named}(${values.join(', ')})`
      : `select * from ${named}(${values.join(', ')})`;
  const byTenant = definer.argumentTypes.map((type) => tenantArgument(type, theirs));
  const byRow = definer.argumentTypes.map(
    (type) => keys.find((value) => fits(type, value)) ?? tenantArgument(type, theirs),
  );
  const [pattern] = definer.patterns;
  const byPattern = byRow.map((value, at) =>
    pattern !== undefined && /^(text|character)[^[]*$/.test(definer.argumentTypes[at] ?? '')
      ? quote(pattern)
      : value,
  );
  return [...new Set([call(byTenant), call(byRow), call(byPattern)])];
}

function tenantArgument(type: string, { values }: World): string {
  if (type.endsWith('[]')) return `'{}'::${type}`;
  if (integerTypes.test(type)) return `${values.integer}::${type}`;
  if (type === 'uuid') return `${quote(values.uuid)}::uuid`;
  if (/^(text|character|name)/.test(type)) return `${quote(values.text)}::${type}`;
  if (type === 'boolean') return 'true';
  return `null::${type}`;
}

/** Whether a row's literal is one of the type; `'…'` as values are kept. */
function fits(type: string, value: string): boolean {
  const bare = value.replaceAll("'", '').trim();
  if (type.endsWith('[]')) return false;
  if (type === 'uuid') return /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(bare);
  if (integerTypes.test(type)) return /^\d{1,9}$/.test(bare) || (type === 'bigint' && /^\d+$/.test(bare));
  return /^(text|character)/.test(type) && !/^[0-9a-f-]{36}$/i.test(bare) && bare !== 'null';
}
