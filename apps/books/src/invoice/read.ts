import type { InvoiceWithLines } from '../contract/index.ts';
import type { Queries } from '../session.ts';
import { money, selectedInvoice } from './columns.ts';

/** One invoice with its lines and journal entries; undefined when the session sees none. */
export async function readInvoice(session: Queries, id: string): Promise<InvoiceWithLines | undefined> {
  const { rows } = await session.query<InvoiceWithLines>(
    `select ${selectedInvoice}, i.note, i.customer_address as "customerAddress", i.customer_tax_id as "customerTaxId",
       coalesce(l.lines, '[]'::json) as lines,
       (select e.id from books.journal_entry e
        where e.company_id = i.company_id and e.invoice_id = i.id and e.kind = 'invoice') as "journalEntryId",
       (select e.id from books.journal_entry e
        where e.company_id = i.company_id and e.invoice_id = i.id and e.kind = 'reversal') as "reversalEntryId"
     from books.invoice i
     join books.currency m on m.code = i.currency
     cross join lateral (
       select json_agg(json_build_object(
         'id', l.id, 'position', l.position, 'description', l.description, 'quantity', trim_scale(l.quantity)::text,
         'unitPrice', case when scale(trim_scale(l.unit_price)) > m.minor_units
           then trim_scale(l.unit_price)::text else ${money('l.unit_price')} end,
         'taxRate', trim_scale(l.tax_rate)::text, 'ledgerAccountId', l.ledger_account_id,
         'net', ${money('l.net')}, 'tax', ${money('l.tax')}) order by l.position) as lines
       from books.invoice_line l where l.company_id = i.company_id and l.invoice_id = i.id
     ) l
     where i.id = $1`,
    [id],
  );
  return rows[0];
}
