import { balanceSheet, profitAndLoss } from '../report/statement.ts';
import { trialBalance } from '../report/trialBalance.ts';
import { companyOf, found, os } from './base.ts';

export const reports = {
  trialBalance: os.reports.trialBalance.handler(async ({ context, input, errors }) =>
    found(
      await trialBalance(context.session, companyOf(context, errors.company_required), input.asOf),
      errors.not_found,
    ),
  ),
  profitAndLoss: os.reports.profitAndLoss.handler(async ({ context, input, errors }) =>
    found(
      await profitAndLoss(context.session, companyOf(context, errors.company_required), input),
      errors.not_found,
    ),
  ),
  balanceSheet: os.reports.balanceSheet.handler(async ({ context, input, errors }) =>
    found(
      await balanceSheet(context.session, companyOf(context, errors.company_required), input.asOf),
      errors.not_found,
    ),
  ),
};
