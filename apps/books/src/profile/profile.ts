import type { Profile } from '../contract/index.ts';
import { instant, type Queries } from '../session.ts';

const columns = `
  p.company_id as "companyId", p.legal_name as "legalName", p.tax_id as "taxId", p.currency,
  c.minor_units as "minorUnits", p.fiscal_year_start_month as "fiscalYearStartMonth", p.time_zone as "timeZone",
  p.starts_on::text as "startsOn", p.closed_through::text as "closedThrough",
  ${instant('p.created_at')} as "createdAt", ${instant('p.updated_at')} as "updatedAt"`;

/** The companies of the session that keep books, by name. */
export async function listProfiles(session: Queries): Promise<Profile[]> {
  const { rows } = await session.query<Profile>(
    `select ${columns} from books.company_profile p join books.currency c on c.code = p.currency
     order by p.legal_name, p.company_id`,
  );
  return rows;
}

/** How a company keeps its books; undefined before they are opened. */
export async function readProfile(session: Queries, company: string): Promise<Profile | undefined> {
  const { rows } = await session.query<Profile>(
    `select ${columns} from books.company_profile p join books.currency c on c.code = p.currency
     where p.company_id = $1`,
    [company],
  );
  return rows[0];
}

export type Currency = { code: string; name: string; minorUnits: number };

/** ISO 4217. */
export async function listCurrencies(session: Queries): Promise<Currency[]> {
  const { rows } = await session.query<Currency>(
    `select c.code, c.name, c.minor_units as "minorUnits" from books.currency c order by c.code`,
  );
  return rows;
}
