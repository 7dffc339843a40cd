import type { ImportError } from '../contract/index.ts';
import { customerColumns } from '../customer/columns.ts';
import type { Queries } from '../session.ts';
import type { CustomerRecord } from './customerRecords.ts';

/** Sorts out records whose code the company has already. */
export async function newCustomers(
  session: Queries,
  records: readonly CustomerRecord[],
): Promise<{ good: CustomerRecord[]; problems: ImportError[] }> {
  const { rows } = await session.query<{ code: string }>(
    'select code from books.customer where company_id = bulkhead.claimed_company_id() and code = any($1)',
    [records.map(({ customer }) => customer.code)],
  );
  const taken = new Set(rows.map(({ code }) => code));
  return {
    good: records.filter(({ customer }) => !taken.has(customer.code)),
    problems: records
      .filter(({ customer }) => taken.has(customer.code))
      .map(({ line }) => ({
        line,
        column: 'code',
        code: 'already_exists',
        message: 'A customer has this code already.',
      })),
  };
}

const fields = Object.entries(customerColumns);
const insert = `
  insert into books.customer (${fields.map(([, column]) => column).join(', ')})
  select ${fields.map(([field]) => `r."${field}"`).join(', ')}
  from jsonb_to_recordset($1::jsonb) r (${fields.map(([field]) => `"${field}" text`).join(', ')})`;

/** Writes one batch in one statement. */
export async function writeCustomers(session: Queries, batch: readonly CustomerRecord[]): Promise<void> {
  await session.query(insert, [JSON.stringify(batch.map(({ customer }) => customer))]);
}
