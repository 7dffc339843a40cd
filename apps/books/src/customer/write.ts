import type { Customer, NewCustomer } from '../contract/index.ts';
import { assignments } from '../paging/change.ts';
import type { Queries } from '../session.ts';
import { customerColumns, selectedCustomer } from './columns.ts';
import { readCustomer } from './list.ts';

/** @throws {DataError} `already_exists`, constraint `customer_code_unique` */
export async function createCustomer(session: Queries, given: NewCustomer): Promise<Customer> {
  const fields = Object.keys(customerColumns) as (keyof typeof customerColumns)[];
  const { rows } = await session.query<Customer>(
    `insert into books.customer as c (${fields.map((field) => customerColumns[field]).join(', ')})
     values (${fields.map((_, index) => `$${index + 1}`).join(', ')}) returning ${selectedCustomer}`,
    fields.map((field) => given[field]),
  );
  return rows[0] as Customer;
}

export type CustomerChanges = { [Field in keyof NewCustomer]?: NewCustomer[Field] | undefined };

/** Changes the named fields; undefined when the session sees no such customer. */
export async function changeCustomer(
  session: Queries,
  id: string,
  changes: CustomerChanges,
): Promise<Customer | undefined> {
  const assigned = assignments(customerColumns, changes, 2);
  if (assigned === undefined) return await readCustomer(session, id);
  const { rows } = await session.query<Customer>(
    `update books.customer as c set ${assigned.set} where c.id = $1 and c.deleted_at is null
     returning ${selectedCustomer}`,
    [id, ...assigned.values],
  );
  return rows[0];
}

/**
 * Removes a customer from lists; submitted invoices and postings stay. False when the session sees none.
 * @throws {DataError} constraint `customer_has_drafts`
 */
export async function removeCustomer(session: Queries, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `update books.customer set deleted_at = now() where id = $1 and deleted_at is null`,
    [id],
  );
  return rowCount === 1;
}
