import type { Queries } from '../session.ts';

/**
 * Signs a period off: from the commit on, nothing is posted on or before its end. It waits for postings under way in
 * the company, and postings wait for it. It cannot be undone.
 * @returns false when the session sees no such period
 * @throws {DataError} constraint `period_already_signed_off`, `period_not_over`
 */
export async function signOff(session: Queries, id: string, note: string | undefined): Promise<boolean> {
  const { rowCount } = await session.query(
    `insert into books.sign_off (company_id, period_id, note)
     select f.company_id, f.id, $2 from books.fiscal_period f where f.id = $1`,
    [id, note ?? null],
  );
  return rowCount === 1;
}
