import type { Invoice, InvoiceStatus } from '../contract/index.ts';
import { fromCursor, toPage } from '../paging/cursor.ts';
import { containing } from '../paging/search.ts';
import type { Queries } from '../session.ts';
import { selectedInvoice } from './columns.ts';

export type InvoiceFilter = {
  /** Lists this company alone: no more than what the row policies show, but said so that an index serves it. */
  company?: string | undefined;
  status?: InvoiceStatus | undefined;
  customerId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Part of number, reference or customer name. */
  search?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

/**
 * Invoices, latest date of issue first.
 * @throws {PlatformError} `cursor_invalid`
 */
export async function listInvoices(
  session: Queries,
  filter: InvoiceFilter,
): Promise<{ items: Invoice[]; nextCursor: string | null }> {
  const after = fromCursor(filter.cursor, /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/);
  const { rows } = await session.query<Invoice>(
    `select ${selectedInvoice} from books.invoice i join books.currency m on m.code = i.currency
     where ($1::text is null or i.status = $1)
       and ($2::uuid is null or i.customer_id = $2)
       and ($3::date is null or i.issued_on >= $3)
       and ($4::date is null or i.issued_on <= $4)
       and ($5::text is null or i.number ilike $5 or i.reference ilike $5 or i.customer_name ilike $5)
       and ($6::date is null or (i.issued_on, i.id) < ($6, $7::uuid))
       and ($9::uuid is null or i.company_id = $9)
     order by i.issued_on desc, i.id desc limit $8`,
    [
      filter.status ?? null,
      filter.customerId ?? null,
      filter.from ?? null,
      filter.to ?? null,
      containing(filter.search),
      after?.key ?? null,
      after?.id ?? null,
      filter.limit + 1,
      filter.company ?? null,
    ],
  );
  return toPage(rows, filter.limit, ({ issuedOn, id }) => ({ key: issuedOn, id }));
}
