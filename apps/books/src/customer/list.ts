import type { Customer } from '../contract/index.ts';
import { fromCursor, toPage } from '../paging/cursor.ts';
import { containing } from '../paging/search.ts';
import type { Queries } from '../session.ts';
import { selectedCustomer } from './columns.ts';

export type CustomerFilter = {
  /** Lists this company alone: no more than what the row policies show, but said so that an index serves it. */
  company?: string | undefined;
  search?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

/**
 * Customers by code. `search` finds part of code, name, email or city.
 * @throws {PlatformError} `cursor_invalid`
 */
export async function listCustomers(
  session: Queries,
  filter: CustomerFilter,
): Promise<{ items: Customer[]; nextCursor: string | null }> {
  const after = fromCursor(filter.cursor, /^[A-Z0-9][A-Z0-9._/-]{0,31}$/);
  const { rows } = await session.query<Customer>(
    `select ${selectedCustomer} from books.customer c
     where ($1::text is null or c.code ilike $1 or c.name ilike $1 or c.email ilike $1 or c.city ilike $1)
       and ($2::text is null or (c.code, c.id) > ($2, $3::uuid))
       and ($5::uuid is null or c.company_id = $5)
     order by c.code, c.id limit $4`,
    [
      containing(filter.search),
      after?.key ?? null,
      after?.id ?? null,
      filter.limit + 1,
      filter.company ?? null,
    ],
  );
  return toPage(rows, filter.limit, ({ code, id }) => ({ key: code, id }));
}

/** One customer; undefined when the session sees none. */
export async function readCustomer(session: Queries, id: string): Promise<Customer | undefined> {
  const { rows } = await session.query<Customer>(
    `select ${selectedCustomer} from books.customer c where c.id = $1`,
    [id],
  );
  return rows[0];
}
