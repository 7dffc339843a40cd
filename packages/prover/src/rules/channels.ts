import { nameOf, quoted } from '../parse/facts.ts';
import { expressionsOf, walk } from '../parse/expression.ts';
import { callsIn } from '../parse/routine.ts';
import { routineObject, type Rule } from './rule.ts';

export const publishedRows: Rule = {
  id: 'BH066',
  severity: 'medium',
  title: 'A publication sends out every tenant’s rows',
  explanation:
    'Logical replication knows no policies: a subscriber receives every row of a published table. Realtime services apply policies to what they send on, but have none to apply where row-level security is off. A publication of all tables takes in each table made later.',
  remedy: 'Publish named tables, with row filters, to subscribers that may see every tenant.',
  cites: ['T-18', 'https://www.postgresql.org/docs/current/logical-replication-security.html'],
  check: (subject) =>
    subject.catalog.publications.flatMap((publication) => {
      const open = publication.tables
        .map(({ id, filter }) => (filter === null ? subject.facts.lookup.relation(id) : undefined))
        .filter(
          (table) =>
            table !== undefined &&
            subject.tenantTables.has(table.id) &&
            (publication.allTables || !table.rls),
        );
      const [first] = open;
      if (first === undefined) return [];
      return [
        {
          object: { kind: 'publication' as const, name: quoted(publication.name) },
          message: `It carries ${open.length} tenants’ tables, ${nameOf(first)} for one${publication.allTables ? '' : ', without row-level security'}.`,
          fix: null,
        },
      ];
    }),
};

export const largeObjects: Rule = {
  id: 'BH067',
  severity: 'medium',
  title: 'Large objects belong to no tenant',
  explanation:
    'Large objects have an owner and grants, and no row-level security: the application’s role owns those of all tenants and reads each by its number.',
  remedy: 'Keep files in object storage, or in a bytea column of a protected table.',
  cites: ['T-18', 'https://www.postgresql.org/docs/current/largeobjects.html'],
  check: ({ catalog }) =>
    catalog.largeObjects === 0
      ? []
      : [
          {
            object: { kind: 'database', name: quoted(catalog.server.database) },
            message: `There are ${catalog.largeObjects} large objects.`,
            fix: null,
          },
        ],
};

export const notifiedRows: Rule = {
  id: 'BH068',
  severity: 'medium',
  title: 'A notification carries a row to whoever listens',
  explanation:
    'Every role may LISTEN on every channel. A payload made of a row’s columns is read by all tenants’ sessions, and through a pool by the wrong request.',
  remedy: 'Send an opaque key only, and let the listener read the row under its own identity.',
  cites: ['T-18', 'T-17', 'T-72'],
  check: (subject) =>
    subject.catalog.routines
      .filter(({ extension, schema }) => extension === null && subject.model.exposedSchemas.includes(schema))
      .flatMap((routine) => {
        const calls =
          subject.facts
            .bodies(routine.id)
            ?.statements.flatMap(({ query }) => expressionsOf(query).flatMap(callsIn)) ?? [];
        const sends = calls.find(
          ({ name, arguments: [, payload] }) =>
            name.at(-1) === 'pg_notify' &&
            payload !== undefined &&
            [...walk(payload)].some(
              (each) => each.kind === 'call' && /(^|_)(json|jsonb)(_|$)/.test(each.name.at(-1) ?? ''),
            ),
        );
        return sends === undefined
          ? []
          : [
              {
                object: routineObject(routine),
                message: 'Its notification’s payload is made of rows.',
                fix: null,
              },
            ];
      }),
};

/** Fixed in these minor releases, by major: defects through which rows of other tenants or roles were seen. */
const fixes: readonly { cve: string; trap: string; what: string; fixed: Readonly<Record<number, number>> }[] =
  [
    {
      cve: 'CVE-2025-8713',
      trap: 'T-13',
      what: 'statistics let queries see values that policies hide',
      fixed: { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 },
    },
    {
      cve: 'CVE-2024-10976',
      trap: 'T-14',
      what: 'a plan made for one role is reused for another below subqueries',
      fixed: { 12: 21, 13: 17, 14: 14, 15: 9, 16: 5, 17: 1 },
    },
    {
      cve: 'CVE-2023-2455',
      trap: 'T-14',
      what: 'policies are kept for the wrong role after inlining',
      fixed: { 11: 20, 12: 15, 13: 11, 14: 8, 15: 3 },
    },
  ];

export const serverDefects: Rule = {
  id: 'BH069',
  severity: 'high',
  title: 'The server has known holes in row-level security',
  explanation:
    'Minor releases of Postgres fix defects through which policies are bypassed. This server is older than one of them.',
  remedy: 'Update to the newest minor release of the same major; no dump and restore is needed.',
  cites: ['T-13', 'T-14', ...fixes.map(({ cve }) => cve), 'https://www.postgresql.org/support/security/'],
  check: ({ catalog }) => {
    const major = Math.floor(catalog.server.versionNumber / 10_000);
    const minor = catalog.server.versionNumber % 10_000;
    return fixes
      .filter(
        ({ fixed }) => major < Math.min(...Object.keys(fixed).map(Number)) || minor < (fixed[major] ?? 0),
      )
      .map(({ cve, what, trap }) => ({
        object: { kind: 'database' as const, name: quoted(catalog.server.database) },
        message: `Postgres ${catalog.server.version} lacks the fix of ${cve} (${trap}): ${what}.`,
        fix: null,
        detail: cve,
      }));
  },
};

export const exposedExtension: Rule = {
  id: 'BH074',
  severity: 'info',
  title: 'An extension lives in a schema that clients reach',
  explanation:
    'Where a server offers the functions of a schema to clients, an extension’s are offered too, and nobody meant them to be. Moving it also keeps its names out of other objects’ search path.',
  remedy: 'Give extensions a schema of their own.',
  cites: ['https://supabase.com/docs/guides/database/database-advisors'],
  check: ({ catalog, model }) =>
    model.preset === 'supabase' || model.preset === 'postgrest'
      ? catalog.extensions
          .filter(({ schema }) => schema === 'public' && model.exposedSchemas.includes(schema))
          .map(({ name, schema }) => ({
            object: { kind: 'schema' as const, name: quoted(schema) },
            message: `Extension ${name} is in it.`,
            fix: `create schema if not exists extensions;\nalter extension ${quoted(name)} set schema extensions;`,
            detail: name,
          }))
      : [],
};
