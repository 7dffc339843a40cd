import { z } from 'zod';
import { procedure } from './procedure.ts';
import { id, line, timestamp } from './value.ts';

const tags = ['Books: ledger accounts'];

export const ledgerAccountType = z.enum(['asset', 'liability', 'equity', 'income', 'expense']);
export type LedgerAccountType = z.infer<typeof ledgerAccountType>;

export const ledgerAccount = z.object({
  id,
  companyId: id,
  code: z.string(),
  name: z.string(),
  type: ledgerAccountType,
  /** What the module itself posts there; null for an ordinary account. */
  purpose: z.enum(['receivable', 'tax', 'income', 'bank']).nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type LedgerAccount = z.infer<typeof ledgerAccount>;

const accountCode = z.string().regex(/^\d{3,8}$/, 'Three to eight digits');

export const ledgerAccounts = {
  list: procedure('books:ledger-account.read')
    .route({ method: 'GET', path: '/books/ledger-accounts', summary: 'The chart of accounts, by code', tags })
    .input(z.object({ type: ledgerAccountType.optional() }).default({}))
    .output(z.array(ledgerAccount)),
  create: procedure('books:ledger-account.change', 'write')
    .route({ method: 'POST', path: '/books/ledger-accounts', summary: 'Add a ledger account', tags, successStatus: 201 })
    .input(z.object({ code: accountCode, name: line(200), type: ledgerAccountType }))
    .output(ledgerAccount),
  rename: procedure('books:ledger-account.change', 'write')
    .route({ method: 'PATCH', path: '/books/ledger-accounts/{id}', summary: 'Rename a ledger account', tags })
    .input(z.object({ id, name: line(200) }))
    .output(ledgerAccount),
  remove: procedure('books:ledger-account.change', 'write')
    .route({
      method: 'DELETE',
      path: '/books/ledger-accounts/{id}',
      summary: 'Remove a ledger account that has no postings and no purpose',
      tags,
    })
    .input(z.object({ id }))
    .output(z.object({ id })),
};
