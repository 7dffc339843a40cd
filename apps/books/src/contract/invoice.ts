import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import {
  amount,
  currencyCode,
  date,
  givenAmount,
  id,
  line,
  page,
  pageOf,
  quantity,
  search,
  taxRate,
  text,
  timestamp,
} from './value.ts';

const tags = ['Books: invoices'];

export const invoiceStatus = z.enum(['draft', 'submitted', 'cancelled']);
export type InvoiceStatus = z.infer<typeof invoiceStatus>;

/** A line as given. `ledgerAccountId` is an income account; absent means the company's default one. */
export const newInvoiceLine = z.strictObject({
  description: line(500),
  quantity,
  unitPrice: givenAmount,
  taxRate: taxRate.default('0'),
  ledgerAccountId: id.optional(),
});
export type NewInvoiceLine = z.output<typeof newInvoiceLine>;

/** A line as stored. `net` and `tax` are rounded half away from zero to the currency's minor units, line by line. */
export const invoiceLine = z.object({
  id,
  position: z.int().min(1),
  description: z.string(),
  quantity: z.string(),
  unitPrice: amount,
  taxRate: z.string(),
  ledgerAccountId: id,
  net: amount,
  tax: amount,
});

/** An invoice without its lines, as listed. `number` is null until it is submitted. */
export const invoice = z.object({
  id,
  companyId: id,
  status: invoiceStatus,
  number: z.string().nullable(),
  customerId: id,
  /** Name as it was when the invoice was last saved as a draft; frozen by submission. */
  customerName: z.string(),
  reference: z.string().nullable(),
  issuedOn: date,
  dueOn: date,
  currency: currencyCode,
  net: amount,
  tax: amount,
  total: amount,
  submittedAt: timestamp.nullable(),
  cancelledAt: timestamp.nullable(),
  cancelReason: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Invoice = z.infer<typeof invoice>;

export const invoiceWithLines = invoice.extend({
  note: z.string().nullable(),
  /** As they were at submission; a draft's follow the customer. */
  customerAddress: z.string().nullable(),
  customerTaxId: z.string().nullable(),
  lines: z.array(invoiceLine),
  /** Journal entries of the submission and, if cancelled, of the reversal. */
  journalEntryId: id.nullable(),
  reversalEntryId: id.nullable(),
});
export type InvoiceWithLines = z.infer<typeof invoiceWithLines>;

const fields = {
  customerId: id,
  /** Must equal the company's currency; absent means that currency. */
  currency: currencyCode.optional(),
  /** The customer's or an external system's reference, unique in the company among invoices not cancelled. */
  reference: line(100).nullable().optional(),
  issuedOn: date,
  dueOn: date,
  note: text(2000).nullable().optional(),
  lines: z.array(newInvoiceLine).max(200),
};

export const newInvoice = z.strictObject(fields);
export type NewInvoice = z.output<typeof newInvoice>;

export const invoices = {
  list: procedure({ permission: 'books:invoice.read', rate: 'read' })
    .route({ method: 'GET', path: '/invoices', summary: 'List invoices, latest first', tags })
    .input(
      z.strictObject({
        status: invoiceStatus.optional(),
        customerId: id.optional(),
        from: date.optional(),
        to: date.optional(),
        /** Part of number, reference or customer name. */
        search,
        ...page,
      }),
    )
    .output(pageOf(invoice)),
  get: procedure({ permission: 'books:invoice.read', rate: 'read' })
    .route({ method: 'GET', path: '/invoices/{id}', summary: 'Read an invoice with its lines', tags })
    .input(z.strictObject({ id }))
    .output(invoiceWithLines),
  create: procedure({ permission: 'books:invoice.draft', rate: 'write' })
    .route({ method: 'POST', path: '/invoices', summary: 'Create a draft', tags, successStatus: 201 })
    .input(newInvoice)
    .output(invoiceWithLines),
  change: procedure({ permission: 'books:invoice.draft', rate: 'write' })
    .route({
      method: 'PATCH',
      path: '/invoices/{id}',
      summary: 'Change the named fields of a draft; `lines` replaces all lines',
      tags,
    })
    .input(z.strictObject({ id, ...z.object(fields).omit({ currency: true }).partial().shape }))
    .output(invoiceWithLines),
  remove: procedure({ permission: 'books:invoice.draft', rate: 'write' })
    .route({ method: 'DELETE', path: '/invoices/{id}', summary: 'Remove a draft', tags })
    .input(z.strictObject({ id }))
    .output(z.object({ id })),
  submit: procedure({ permission: 'books:invoice.submit', rate: 'write' })
    .route({
      method: 'POST',
      path: '/invoices/{id}/submit',
      summary: 'Submit a draft: gives it its number and posts it on its date of issue',
      tags,
    })
    .input(z.strictObject({ id }))
    .output(invoiceWithLines),
  cancel: procedure({ permission: 'books:invoice.cancel', rate: 'write' })
    .route({
      method: 'POST',
      path: '/invoices/{id}/cancel',
      summary:
        'Cancel a submitted invoice: posts a reversal on the given day, which must be in an open period',
      tags,
    })
    .input(
      z.strictObject({
        id,
        reason: line(500),
        /** Day of the reversal, not before the date of issue. Absent: today in the company's time zone. */
        on: date.optional(),
      }),
    )
    .output(invoiceWithLines),
};
