import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import { ledgerAccountType } from './ledgerAccount.ts';
import { amount, currencyCode, date, id } from './value.ts';

const tags = ['Books: reports'];

const account = { ledgerAccountId: id, code: z.string(), name: z.string(), type: ledgerAccountType };

/** Balances of all accounts with postings up to and including `asOf`. `totalDebit` equals `totalCredit`. */
export const trialBalance = z.object({
  currency: currencyCode,
  asOf: date,
  rows: z.array(
    z.object({
      ...account,
      debit: amount,
      credit: amount,
      /** Debit minus credit when above zero, else 0. */
      debitBalance: amount,
      creditBalance: amount,
    }),
  ),
  totalDebit: amount,
  totalCredit: amount,
});
export type TrialBalance = z.infer<typeof trialBalance>;

const reportLine = z.object({ ...account, amount });

/** Income and expense posted from `from` to `to`, both included. `profit` is income minus expenses. */
export const profitAndLoss = z.object({
  currency: currencyCode,
  from: date,
  to: date,
  income: z.array(reportLine),
  expenses: z.array(reportLine),
  totalIncome: amount,
  totalExpenses: amount,
  profit: amount,
});
export type ProfitAndLoss = z.infer<typeof profitAndLoss>;

/** Assets, liabilities and equity as of a day. `result` is all profit not yet moved to equity; assets = liabilities + equity + result. */
export const balanceSheet = z.object({
  currency: currencyCode,
  asOf: date,
  assets: z.array(reportLine),
  liabilities: z.array(reportLine),
  equity: z.array(reportLine),
  totalAssets: amount,
  totalLiabilities: amount,
  totalEquity: amount,
  result: amount,
});
export type BalanceSheet = z.infer<typeof balanceSheet>;

export const reports = {
  trialBalance: procedure({ permission: 'books:report.read', rate: 'heavy' })
    .route({ method: 'GET', path: '/reports/trial-balance', summary: 'Trial balance as of a day', tags })
    .input(z.strictObject({ asOf: date }))
    .output(trialBalance),
  profitAndLoss: procedure({ permission: 'books:report.read', rate: 'heavy' })
    .route({
      method: 'GET',
      path: '/reports/profit-and-loss',
      summary: 'Profit and loss of a span of days',
      tags,
    })
    .input(
      z
        .strictObject({ from: date, to: date })
        .refine((span) => span.from <= span.to, 'from must not be after to'),
    )
    .output(profitAndLoss),
  balanceSheet: procedure({ permission: 'books:report.read', rate: 'heavy' })
    .route({ method: 'GET', path: '/reports/balance-sheet', summary: 'Balance sheet as of a day', tags })
    .input(z.strictObject({ asOf: date }))
    .output(balanceSheet),
};
