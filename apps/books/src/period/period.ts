import type { Period } from '../contract/index.ts';
import { instant, type Queries } from '../session.ts';

// A period may be closed by its own sign-off or by that of a later one.
const select = `
  select f.id, f.company_id as "companyId", f.fiscal_year as "fiscalYear", f.starts_on::text as "startsOn",
    f.ends_on::text as "endsOn", case when s.id is null then 'open' else 'signed-off' end as status,
    d.drafts, ${instant('s.created_at')} as "signedOffAt", s.signed_by as "signedOffBy", s.note
  from books.fiscal_period f
  left join lateral (
    select o.* from books.sign_off o
    where o.company_id = f.company_id and o.closed_through >= f.ends_on
    order by o.closed_through limit 1
  ) s on true
  cross join lateral (
    select count(*)::int as drafts from books.invoice i
    where i.company_id = f.company_id and i.status = 'draft' and i.issued_on between f.starts_on and f.ends_on
  ) d`;

/** Periods, latest first; all fiscal years or one. */
export async function listPeriods(session: Queries, fiscalYear?: number): Promise<Period[]> {
  const { rows } = await session.query<Period>(
    `${select} where $1::int is null or f.fiscal_year = $1 order by f.starts_on desc, f.company_id`,
    [fiscalYear ?? null],
  );
  return rows;
}

/** One period; undefined when the session sees none. */
export async function readPeriod(session: Queries, id: string): Promise<Period | undefined> {
  const { rows } = await session.query<Period>(`${select} where f.id = $1`, [id]);
  return rows[0];
}
