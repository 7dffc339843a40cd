import { DataError } from '@bulkhead/kernel';
import type { TenantSession } from '@bulkhead/kernel';

export type TableHolding = { table: string; rows: number | null; document: boolean };
export type Holdings = { rows: number | null; documents: number | null; tables: TableHolding[] };

/** Milliseconds that counting one table may take. */
const patience = 500;

/**
 * How many live rows a tenant has in each protected table, counted under its own context, table by table, each for half
 * a second at most.
 *
 * @param documents tables whose rows are documents to their users
 * @param until milliseconds since the epoch at which counting ends; the rest is null
 */
export async function countHoldings(
  session: TenantSession,
  { documents, until, clock }: { documents: ReadonlySet<string>; until: number; clock: () => number },
): Promise<Holdings> {
  const names = await protectedTables(session);
  const counted = await countAll(session, names);
  const tables: TableHolding[] = [];
  for (const table of names) {
    const late = counted === null && clock() >= until;
    const rows = counted?.get(table) ?? (late ? null : await count(session, table));
    tables.push({ table: table.replaceAll('"', ''), rows, document: documents.has(table) });
  }
  return {
    rows: sum(tables),
    documents: sum(tables.filter(({ document }) => document)),
    tables,
  };
}

function sum(tables: readonly TableHolding[]): number | null {
  let total = 0;
  for (const { rows } of tables) {
    if (rows === null) return null;
    total += rows;
  }
  return total;
}

/** Quoted as SQL needs it: the catalog made these names, nobody's request. */
async function protectedTables(session: TenantSession): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select distinct quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polname = 'bulkhead_tenant'
     where not c.relispartition and pg_catalog.has_table_privilege(c.oid, 'select')
     order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function count(session: TenantSession, table: string): Promise<number | null> {
  return (await countAll(session, [table]))?.get(table) ?? null;
}

/** In one statement; null when that takes too long. */
async function countAll(
  session: TenantSession,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number> | null> {
  if (tables.length === 0) return new Map();
  const counts = tables.map((table, at) => `select ${at} as at, count(*) as count from ${table}`);
  try {
    return await session.transaction(async (tx) => {
      await tx.query(`select set_config('statement_timeout', $1, true)`, [String(patience)]);
      const { rows } = await tx.query<{ at: number; count: string }>(counts.join(' union all '));
      return new Map(rows.map(({ at, count: found }) => [tables[at] ?? '', Number(found)]));
    });
  } catch (error) {
    if (error instanceof DataError && error.code === 'timeout') return null;
    throw error;
  }
}
