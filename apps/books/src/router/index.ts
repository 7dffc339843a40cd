import { os } from './base.ts';
import { customers } from './customers.ts';
import { imports } from './imports.ts';
import { invoices } from './invoices.ts';
import { journal } from './journal.ts';
import { ledgerAccounts } from './ledgerAccounts.ts';
import { periods } from './periods.ts';
import { profiles } from './profiles.ts';
import { reports } from './reports.ts';

/** The contract of books, implemented. */
export const router = os.router({
  profiles,
  ledgerAccounts,
  customers,
  invoices,
  journal,
  periods,
  reports,
  imports,
});
