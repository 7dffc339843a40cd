import { customers } from './customer.ts';
import { imports } from './import.ts';
import { invoices } from './invoice.ts';
import { journal } from './journal.ts';
import { ledgerAccounts } from './ledgerAccount.ts';
import { periods } from './period.ts';
import { profiles } from './profile.ts';
import { reports } from './report.ts';

export type { Customer, NewCustomer } from './customer.ts';
export type { ImportError, ImportEvent, ImportMode } from './import.ts';
export type { Invoice, InvoiceStatus, InvoiceWithLines, NewInvoice, NewInvoiceLine } from './invoice.ts';
export type { JournalEntry, NewEntry } from './journal.ts';
export type { LedgerAccount, LedgerAccountType } from './ledgerAccount.ts';
export type { Period } from './period.ts';
export type { Profile } from './profile.ts';
export type { BalanceSheet, ProfitAndLoss, TrialBalance } from './report.ts';

/** The HTTP surface of books. Types flow from here to the server and the console; nothing here runs SQL. */
export const contract = { profiles, ledgerAccounts, customers, invoices, journal, periods, reports, imports };
