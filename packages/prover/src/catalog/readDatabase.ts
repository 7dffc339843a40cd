import { grantsOf } from './grants.ts';
import { systemSchemas, type Section } from './section.ts';
import type { Catalog, DefaultGrant, Extension, Publication, Relation, Sequence } from './types.ts';

/** What belongs to the database as a whole. */
export async function readDatabase(
  section: Section,
  relations: readonly Relation[],
): Promise<
  Pick<
    Catalog,
    'sequences' | 'publications' | 'defaultGrants' | 'extensions' | 'databaseGrants' | 'largeObjects'
  >
> {
  const objects = await section<{ count: number }>(
    'large objects',
    'select count(*)::int as count from pg_largeobject_metadata',
  );
  const database = await section<{ acl: string[] }>(
    'database privileges',
    `select coalesce(datacl, acldefault('d', datdba))::text[] as acl from pg_database where datname = current_database()`,
  );
  return {
    sequences: await readSequences(section),
    publications: await readPublications(section, relations),
    defaultGrants: await readDefaultGrants(section),
    extensions: await section<Extension>(
      'extensions',
      `select e.extname as name, n.nspname as schema, e.extversion as version
      from pg_extension e join pg_namespace n on n.oid = e.extnamespace order by e.extname`,
    ),
    databaseGrants: grantsOf(database[0]?.acl ?? null),
    largeObjects: objects[0]?.count ?? 0,
  };
}

async function readSequences(section: Section): Promise<Sequence[]> {
  const rows = await section<Omit<Sequence, 'grants'> & { acl: string[] }>(
    'sequences',
    `select c.oid::text as id, n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner) as owner,
      d.refobjid::text as "ownedBy", coalesce(c.relacl, acldefault('s', c.relowner))::text[] as acl
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    where c.relkind = 'S' and not ${systemSchemas} order by n.nspname, c.relname`,
  );
  return rows.map(({ acl, ...sequence }) => ({ ...sequence, grants: grantsOf(acl) }));
}

async function readDefaultGrants(section: Section): Promise<DefaultGrant[]> {
  const rows = await section<Omit<DefaultGrant, 'grants'> & { acl: string[] }>(
    'default privileges',
    `select pg_get_userbyid(d.defaclrole) as role, n.nspname as schema,
      case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
        when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as "objectKind",
      d.defaclacl::text[] as acl
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace order by 1, 2, 3`,
  );
  return rows.map(({ acl, ...grant }) => ({ ...grant, grants: grantsOf(acl) }));
}

async function readPublications(section: Section, relations: readonly Relation[]): Promise<Publication[]> {
  const heads = await section<{ name: string; allTables: boolean; schemas: string[] }>(
    'publications',
    `select p.pubname as name, p.puballtables as "allTables",
      array(select n.nspname from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid)::text[] as schemas
    from pg_publication p order by p.pubname`,
  );
  const members = await section<{ publication: string; id: string; filter: string | null }>(
    'publication members',
    `select p.pubname as publication, r.prrelid::text as id, pg_get_expr(r.prqual, r.prrelid) as filter
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid order by 1, 2`,
  );
  return heads.map(({ name, allTables, schemas }) => ({
    name,
    allTables,
    tables: [
      ...members.filter(({ publication }) => publication === name).map(({ id, filter }) => ({ id, filter })),
      ...relations
        .filter(
          ({ kind, schema }) => (kind === 'r' || kind === 'p') && (allTables || schemas.includes(schema)),
        )
        .map(({ id }) => ({ id, filter: null })),
    ],
  }));
}
