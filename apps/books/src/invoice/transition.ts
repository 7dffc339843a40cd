import type { Queries } from '../session.ts';

/**
 * Submits a draft: its number, and its postings on the date of issue, come with the change of status.
 * @returns false when the session sees no such invoice
 * @throws {DataError} constraint `period_closed`, `before_books_start`, `invoice_has_lines`,
 *   `invoice_total_positive`, `invoice_not_draft`, `invoice_transition`
 */
export async function submitInvoice(session: Queries, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `update books.invoice set status = 'submitted' where id = $1 and deleted_at is null`,
    [id],
  );
  return rowCount === 1;
}

export type Cancellation = {
  reason: string;
  /** Day of the reversal, `YYYY-MM-DD`; absent: today in the company's time zone. */
  on?: string | undefined;
};

/**
 * Cancels a submitted invoice, which posts the reversal.
 * @returns false when the session sees no such invoice
 * @throws {DataError} constraint `period_closed`, `invoice_cancelled_after_issue`, `invoice_not_draft`,
 *   `invoice_transition`
 */
export async function cancelInvoice(
  session: Queries,
  id: string,
  { reason, on }: Cancellation,
): Promise<boolean> {
  const { rowCount } = await session.query(
    `update books.invoice set status = 'cancelled', cancel_reason = $2, cancelled_on = $3
     where id = $1 and deleted_at is null`,
    [id, reason, on ?? null],
  );
  return rowCount === 1;
}
