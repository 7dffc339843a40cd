import type { Queries } from '../session.ts';

export type CustomerBalance = {
  id: string;
  currency: string;
  asOf: string | null;
  /** Invoices less their cancellations. */
  invoiced: string;
  /** Payments and other manual entries. */
  settled: string;
  /** Still owed; negative when overpaid. */
  balance: string;
};

/** What a customer owes up to and including a day, or altogether; undefined when the session sees no such customer. */
export async function customerBalance(
  session: Queries,
  id: string,
  asOf?: string,
): Promise<CustomerBalance | undefined> {
  const { rows } = await session.query<CustomerBalance>(
    `select c.id, p.currency, $2::text as "asOf",
       round(coalesce(s.invoiced, 0), m.minor_units)::text as invoiced,
       round(coalesce(s.settled, 0), m.minor_units)::text as settled,
       round(coalesce(s.invoiced, 0) - coalesce(s.settled, 0), m.minor_units)::text as balance
     from books.customer c
     join books.company_profile p on p.company_id = c.company_id
     join books.currency m on m.code = p.currency
     cross join lateral (
       select sum(o.debit - o.credit) filter (where e.invoice_id is not null) as invoiced,
         sum(o.credit - o.debit) filter (where e.invoice_id is null) as settled
       from books.posting o join books.journal_entry e on e.id = o.entry_id
       where o.company_id = c.company_id and o.customer_id = c.id and ($2::date is null or o.posted_on <= $2::date)
     ) s
     where c.id = $1`,
    [id, asOf ?? null],
  );
  return rows[0];
}
