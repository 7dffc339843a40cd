import { assignments } from '../paging/change.ts';
import { openYearOf } from '../period/open.ts';
import type { Queries } from '../session.ts';

export type NewProfile = {
  legalName: string;
  taxId: string | null;
  currency: string;
  fiscalYearStartMonth: number;
  timeZone: string;
  /** `YYYY-MM-DD` */
  startsOn: string;
};

/**
 * Opens the books of the session's company: profile, number series and standard chart by trigger, periods of the
 * fiscal year that `startsOn` falls in. Run it in a transaction.
 * @throws {DataError} `already_exists` when they are open; constraint `company_profile_currency_fkey`,
 *   `company_profile_time_zone_known`
 */
export async function openBooks(session: Queries, profile: NewProfile): Promise<void> {
  await session.query(
    `insert into books.company_profile (legal_name, tax_id, currency, fiscal_year_start_month, time_zone, starts_on)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      profile.legalName,
      profile.taxId,
      profile.currency,
      profile.fiscalYearStartMonth,
      profile.timeZone,
      profile.startsOn,
    ],
  );
  await openYearOf(session, profile.startsOn);
}

const columns = { legalName: 'legal_name', taxId: 'tax_id', timeZone: 'time_zone' };

/** Changes the named fields; false when the books are not open. */
export async function changeProfile(
  session: Queries,
  company: string,
  changes: {
    legalName?: string | undefined;
    taxId?: string | null | undefined;
    timeZone?: string | undefined;
  },
): Promise<boolean> {
  const assigned = assignments(columns, changes, 2);
  if (assigned === undefined) return true;
  const { rowCount } = await session.query(
    `update books.company_profile set ${assigned.set} where company_id = $1`,
    [company, ...assigned.values],
  );
  return rowCount === 1;
}
