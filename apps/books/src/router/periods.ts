import { openYear } from '../period/open.ts';
import { listPeriods, readPeriod } from '../period/period.ts';
import { signOff } from '../period/signOff.ts';
import { companyOf, found, os } from './base.ts';

export const periods = {
  list: os.periods.list.handler(({ context, input }) => listPeriods(context.session, input.fiscalYear)),
  openYear: os.periods.openYear.handler(async ({ context, input: { fiscalYear }, errors }) => {
    companyOf(context, errors.company_required);
    await openYear(context.session, fiscalYear);
    return await listPeriods(context.session, fiscalYear);
  }),
  signOff: os.periods.signOff.handler(async ({ context, input: { id, note }, errors }) => {
    if (!(await signOff(context.session, id, note))) throw errors.not_found();
    return found(await readPeriod(context.session, id), errors.not_found);
  }),
};
