import { csvLine } from '@bulkhead/platform/content';
import type { Queries } from '../session.ts';
import { customerColumns } from './columns.ts';

/** All customers of the session as CSV in the form that the import reads. */
export async function exportCustomers(session: Queries): Promise<string> {
  const columns = Object.values(customerColumns);
  const { rows } = await session.query<Record<string, string | null>>(
    `select ${columns.join(', ')} from books.customer order by code, id`,
  );
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))];
  return lines.map(csvLine).join('');
}
