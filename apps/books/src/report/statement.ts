import type { BalanceSheet, ProfitAndLoss } from '../contract/index.ts';
import type { Queries } from '../session.ts';

const book = `
  select p.company_id, p.currency, c.minor_units
  from books.company_profile p join books.currency c on c.code = p.currency
  where p.company_id = $1`;

/** SQL for the lines of one type, largest code last, and for their total. */
const linesOf = (
  type: string,
): string => `coalesce(json_agg(json_build_object('ledgerAccountId', l.id, 'code', l.code,
  'name', l.name, 'type', l.type, 'amount', round(l.amount, book.minor_units)::text)
  order by l.code, l.id) filter (where l.type = '${type}'), '[]'::json)`;
const totalOf = (type: string): string =>
  `round(coalesce(sum(l.amount) filter (where l.type = '${type}'), 0), book.minor_units)::text`;

/** Assets and expenses count debits above credits as positive, everything else the other way round. */
const amounts = (days: string): string => `
  select a.id, a.code, a.name, a.type,
    case when a.type in ('asset', 'expense') then s.debit - s.credit else s.credit - s.debit end as amount
  from (
    select o.ledger_account_id, sum(o.debit) as debit, sum(o.credit) as credit
    from books.posting o where o.company_id = $1 and ${days}
    group by o.ledger_account_id
  ) s join books.ledger_account a on a.id = s.ledger_account_id`;

/** Income and expenses of the days from `from` to `to`, both included; undefined before the books are opened. */
export async function profitAndLoss(
  session: Queries,
  company: string,
  { from, to }: { from: string; to: string },
): Promise<ProfitAndLoss | undefined> {
  const { rows } = await session.query<ProfitAndLoss>(
    `with book as (${book}), line as (${amounts('o.posted_on between $2::date and $3::date')})
     select book.currency, $2::text as "from", $3::text as "to",
       ${linesOf('income')} as income, ${linesOf('expense')} as expenses,
       ${totalOf('income')} as "totalIncome", ${totalOf('expense')} as "totalExpenses",
       round(coalesce(sum(case l.type when 'income' then l.amount when 'expense' then -l.amount end), 0),
         book.minor_units)::text as profit
     from book left join line l on true group by book.currency, book.minor_units`,
    [company, from, to],
  );
  return rows[0];
}

/** Assets, liabilities and equity as of a day; undefined before the books are opened. */
export async function balanceSheet(
  session: Queries,
  company: string,
  asOf: string,
): Promise<BalanceSheet | undefined> {
  const { rows } = await session.query<BalanceSheet>(
    `with book as (${book}), line as (${amounts('o.posted_on <= $2::date')})
     select book.currency, $2::text as "asOf",
       ${linesOf('asset')} as assets, ${linesOf('liability')} as liabilities, ${linesOf('equity')} as equity,
       ${totalOf('asset')} as "totalAssets", ${totalOf('liability')} as "totalLiabilities",
       ${totalOf('equity')} as "totalEquity",
       round(coalesce(sum(case l.type when 'income' then l.amount when 'expense' then -l.amount end), 0),
         book.minor_units)::text as result
     from book left join line l on true group by book.currency, book.minor_units`,
    [company, asOf],
  );
  return rows[0];
}
