import type { Queries } from '../session.ts';

const months = (firstMonth: string): string => `
  insert into books.fiscal_period (company_id, starts_on)
  select p.company_id, (${firstMonth} + make_interval(months => m))::date
  from books.company_profile p, generate_series(0, 11) m
  where p.company_id = bulkhead.claimed_company_id()
  order by m
  on conflict on constraint fiscal_period_starts_on_unique do nothing`;

/**
 * Opens the periods that are missing of the fiscal year starting in a calendar year.
 * @returns how many were opened
 */
export async function openYear(session: Queries, fiscalYear: number): Promise<number> {
  const { rowCount } = await session.query(months('make_date($1::int, p.fiscal_year_start_month, 1)'), [
    fiscalYear,
  ]);
  return rowCount;
}

/** Opens the periods of the fiscal year that a day falls in. */
export async function openYearOf(session: Queries, day: string): Promise<void> {
  await session.query(
    months(`make_date(
      extract(year from $1::date)::int - (extract(month from $1::date) < p.fiscal_year_start_month)::int,
      p.fiscal_year_start_month, 1)`),
    [day],
  );
}
