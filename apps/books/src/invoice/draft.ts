import type { TenantSession } from '@bulkhead/kernel';
import type { NewInvoice, NewInvoiceLine } from '../contract/index.ts';
import { assignments } from '../paging/change.ts';
import type { Queries } from '../session.ts';

/**
 * Creates a draft with its lines.
 * @returns its id
 * @throws {DataError} constraint `currency_mismatch`, `invoice_customer_fkey`, `invoice_reference_unique`,
 *   `invoice_due_on_after_issue`, those of the lines
 */
export async function createDraft(session: TenantSession, given: NewInvoice): Promise<string> {
  return await session.transaction(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `insert into books.invoice (customer_id, currency, reference, issued_on, due_on, note)
       values ($1, $2, $3, $4, $5, $6) returning id`,
      [
        given.customerId,
        given.currency ?? null,
        given.reference ?? null,
        given.issuedOn,
        given.dueOn,
        given.note ?? null,
      ],
    );
    const { id } = rows[0] as { id: string };
    await addLines(tx, id, given.lines);
    return id;
  });
}

const columns = {
  customerId: 'customer_id',
  reference: 'reference',
  issuedOn: 'issued_on',
  dueOn: 'due_on',
  note: 'note',
} as const;

export type DraftChanges = {
  [Field in keyof typeof columns]?: NewInvoice[Field] | undefined;
} & { lines?: NewInvoiceLine[] | undefined };

/**
 * Changes the named fields of a draft; `lines` replaces all lines.
 * @returns false when the session sees no such invoice
 * @throws {DataError} constraint `invoice_not_draft` and those of `createDraft`
 */
export async function changeDraft(
  session: TenantSession,
  id: string,
  changes: DraftChanges,
): Promise<boolean> {
  const assigned = assignments(columns, changes, 2) ?? { set: 'note = note', values: [] };
  return await session.transaction(async (tx) => {
    // Also when only lines change: it takes the row's lock and refuses what is no draft.
    const { rowCount } = await tx.query(
      `update books.invoice set ${assigned.set} where id = $1 and deleted_at is null`,
      [id, ...assigned.values],
    );
    if (rowCount === 0) return false;
    if (changes.lines !== undefined) {
      await tx.query('delete from books.invoice_line where invoice_id = $1', [id]);
      await addLines(tx, id, changes.lines);
    }
    return true;
  });
}

/**
 * Removes a draft; false when the session sees no such invoice.
 * @throws {DataError} constraint `invoice_not_draft`
 */
export async function removeDraft(session: Queries, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    'update books.invoice set deleted_at = now() where id = $1 and deleted_at is null',
    [id],
  );
  return rowCount === 1;
}

async function addLines(session: Queries, invoice: string, lines: readonly NewInvoiceLine[]): Promise<void> {
  if (lines.length === 0) return;
  // Amounts stay strings all the way: JSON numbers would be read as they are, but JavaScript's are floats.
  await session.query(
    `insert into books.invoice_line
       (company_id, invoice_id, position, description, quantity, unit_price, tax_rate, ledger_account_id)
     select i.company_id, i.id, l.position, l.description, l.quantity, l."unitPrice", l."taxRate", l."ledgerAccountId"
     from books.invoice i, jsonb_to_recordset($2::jsonb) l (position smallint, description text, quantity numeric,
       "unitPrice" numeric, "taxRate" numeric, "ledgerAccountId" uuid)
     where i.id = $1 order by l.position`,
    [invoice, JSON.stringify(lines.map((line, index) => ({ ...line, position: index + 1 })))],
  );
}
