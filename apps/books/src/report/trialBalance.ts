import type { TrialBalance } from '../contract/index.ts';
import type { Queries } from '../session.ts';

/** Balances of all accounts with postings up to and including a day; undefined before the books are opened. */
export async function trialBalance(
  session: Queries,
  company: string,
  asOf: string,
): Promise<TrialBalance | undefined> {
  const { rows } = await session.query<TrialBalance>(
    `with book as (
       select p.company_id, p.currency, c.minor_units
       from books.company_profile p join books.currency c on c.code = p.currency
       where p.company_id = $1
     ), line as (
       select a.id, a.code, a.name, a.type, s.debit, s.credit
       from book
       join books.ledger_account a on a.company_id = book.company_id
       join (
         select o.ledger_account_id, sum(o.debit) as debit, sum(o.credit) as credit
         from books.posting o where o.company_id = $1 and o.posted_on <= $2::date
         group by o.ledger_account_id
       ) s on s.ledger_account_id = a.id
     )
     select book.currency, $2::text as "asOf",
       coalesce(json_agg(json_build_object('ledgerAccountId', l.id, 'code', l.code, 'name', l.name, 'type', l.type,
         'debit', round(l.debit, book.minor_units)::text, 'credit', round(l.credit, book.minor_units)::text,
         'debitBalance', round(greatest(l.debit - l.credit, 0), book.minor_units)::text,
         'creditBalance', round(greatest(l.credit - l.debit, 0), book.minor_units)::text)
         order by l.code, l.id) filter (where l.id is not null), '[]'::json) as rows,
       round(coalesce(sum(greatest(l.debit - l.credit, 0)), 0), book.minor_units)::text as "totalDebit",
       round(coalesce(sum(greatest(l.credit - l.debit, 0)), 0), book.minor_units)::text as "totalCredit"
     from book left join line l on true
     group by book.currency, book.minor_units`,
    [company, asOf],
  );
  return rows[0];
}
