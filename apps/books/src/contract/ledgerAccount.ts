import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
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
  list: procedure({ permission: 'books:ledger-account.read', rate: 'read' })
    .route({ method: 'GET', path: '/ledger-accounts', summary: 'The chart of accounts, by code', tags })
    .input(z.strictObject({ type: ledgerAccountType.optional() }).default({}))
    .output(z.array(ledgerAccount)),
  create: procedure({ permission: 'books:ledger-account.change', rate: 'write' })
    .route({
      method: 'POST',
      path: '/ledger-accounts',
      summary: 'Add a ledger account',
      tags,
      successStatus: 201,
    })
    .input(z.strictObject({ code: accountCode, name: line(200), type: ledgerAccountType }))
    .output(ledgerAccount),
  rename: procedure({ permission: 'books:ledger-account.change', rate: 'write' })
    .route({ method: 'PATCH', path: '/ledger-accounts/{id}', summary: 'Rename a ledger account', tags })
    .input(z.strictObject({ id, name: line(200) }))
    .output(ledgerAccount),
  remove: procedure({ permission: 'books:ledger-account.change', rate: 'write' })
    .route({
      method: 'DELETE',
      path: '/ledger-accounts/{id}',
      summary: 'Remove a ledger account that has no postings and no purpose',
      tags,
    })
    .input(z.strictObject({ id }))
    .output(z.object({ id })),
};
