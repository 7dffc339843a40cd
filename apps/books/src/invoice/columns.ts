import { instant } from '../session.ts';

/** An amount column rounded to what the currency `m` has. */
export const money = (column: string): string => `round(${column}, m.minor_units)::text`;

/** What a read of `books.invoice i join books.currency m` selects for a list. */
export const selectedInvoice = `i.id, i.company_id as "companyId", i.status, i.number,
  i.customer_id as "customerId", i.customer_name as "customerName", i.reference,
  i.issued_on::text as "issuedOn", i.due_on::text as "dueOn", i.currency,
  ${money('i.net')} as net, ${money('i.tax')} as tax, ${money('i.total')} as total,
  ${instant('i.submitted_at')} as "submittedAt", ${instant('i.cancelled_at')} as "cancelledAt",
  i.cancel_reason as "cancelReason",
  ${instant('i.created_at')} as "createdAt", ${instant('i.updated_at')} as "updatedAt"`;
