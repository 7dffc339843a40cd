import { customerFileColumns, readCustomers, type CustomerRecord } from './customerRecords.ts';
import { newCustomers, writeCustomers } from './customerWrite.ts';
import { invoiceFileColumns, readInvoices, type InvoiceRecord } from './invoiceRecords.ts';
import { newInvoices, writeInvoices, type ReadyInvoice } from './invoiceWrite.ts';
import type { ImportKind } from './run.ts';

/** Customers, one a record. */
export const customerImport: ImportKind<CustomerRecord, CustomerRecord> = {
  columns: customerFileColumns,
  read: ({ records }) => readCustomers(records),
  match: newCustomers,
  write: writeCustomers,
  recordsOf: () => 1,
};

/** Draft invoices, one record a line. */
export const invoiceImport: ImportKind<InvoiceRecord, ReadyInvoice> = {
  columns: invoiceFileColumns,
  read: readInvoices,
  match: newInvoices,
  write: writeInvoices,
  recordsOf: ({ lines }) => lines.length,
};
