import type pg from 'pg';
import type { Unseen } from './types.ts';

/** Reads one part of the catalog. What rights hide is noted as unseen, and `[]` is given for it. */
export type Section = <Row>(what: string, text: string) => Promise<Row[]>;

/** Refused privilege, a catalog that this server lacks, a lock or time not had, an object dropped meanwhile. */
const hidden = new Set(['42501', '42P01', '55P03', '57014', 'XX000']);

/** Sections share the client's open transaction; a savepoint keeps one that fails from ending the others. */
export function sectionReader(client: pg.ClientBase, unseen: Unseen[]): Section {
  return async <Row>(what: string, text: string): Promise<Row[]> => {
    await client.query('savepoint section');
    try {
      const { rows } = await client.query<Row & pg.QueryResultRow>(text);
      await client.query('release savepoint section');
      return rows;
    } catch (error) {
      if (!(error instanceof Error) || !hidden.has(String((error as { code?: unknown }).code))) throw error;
      await client.query('rollback to savepoint section');
      unseen.push({ what, why: error.message });
      return [];
    }
  };
}

/** Schemas that hold no user's object. */
export const systemSchemas = `(n.nspname in ('pg_catalog', 'information_schema') or n.nspname ~ '^pg_(toast|temp_|toast_temp_)')`;

/** Groups rows by the relation they belong to. */
export function grouped<Row extends { relation: string }>(
  rows: readonly Row[],
): Map<string, Omit<Row, 'relation'>[]> {
  const groups = new Map<string, Omit<Row, 'relation'>[]>();
  for (const { relation, ...part } of rows) {
    const group = groups.get(relation);
    if (group === undefined) groups.set(relation, [part]);
    else group.push(part);
  }
  return groups;
}
