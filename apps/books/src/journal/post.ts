import type { TenantSession } from '@bulkhead/kernel';
import type { NewEntry } from '../contract/index.ts';
import type { Queries } from '../session.ts';

/**
 * Posts a manual entry. Whether it balances is checked by the schema at commit.
 * @returns its id
 * @throws {DataError} constraint `entry_unbalanced`, `period_closed`, `before_books_start`,
 *   `posting_ledger_account_fkey`, `posting_names_customer`, `posting_one_side`, `amount_minor_units`
 */
export async function postEntry(session: TenantSession, given: NewEntry): Promise<string> {
  return await session.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      'insert into books.journal_entry (posted_on, memo) values ($1, $2) returning id',
      [given.postedOn, given.memo],
    );
    const { id } = rows[0] as { id: string };
    await tx.query(
      `insert into books.posting (entry_id, position, ledger_account_id, customer_id, debit, credit)
       select $1, p.position, p."ledgerAccountId", p."customerId", coalesce(p.debit, 0), coalesce(p.credit, 0)
       from jsonb_to_recordset($2::jsonb) p
         (position smallint, "ledgerAccountId" uuid, "customerId" uuid, debit numeric, credit numeric)
       order by p.position`,
      [id, JSON.stringify(given.postings.map((posting, index) => ({ ...posting, position: index + 1 })))],
    );
    return id;
  });
}

export type Reversal = {
  memo?: string | undefined;
  /** `YYYY-MM-DD`; absent: today in the company's time zone. */
  on?: string | undefined;
};

/**
 * Reverses a manual entry; the schema posts the mirrored sides.
 * @returns the reversal's id, or undefined when the session sees no such entry
 * @throws {DataError} `already_exists` when it was reversed before; constraint `entry_of_invoice`, `period_closed`,
 *   `reversal_of_reversal`, `reversal_before_original`
 */
export async function reverseEntry(
  session: Queries,
  id: string,
  { memo, on }: Reversal,
): Promise<string | undefined> {
  const { rows } = await session.query<{ id: string }>(
    `insert into books.journal_entry (company_id, kind, reverses_id, posted_on, memo)
     select e.company_id, 'reversal', e.id, coalesce($2::date, books.today(e.tenant_id, e.company_id)),
       coalesce($3, 'Reversal of entry ' || e.number)
     from books.journal_entry e where e.id = $1
     returning id`,
    [id, on ?? null, memo ?? null],
  );
  return rows[0]?.id;
}
