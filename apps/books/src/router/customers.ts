import { customerBalance } from '../customer/balance.ts';
import { exportCustomers } from '../customer/export.ts';
import { listCustomers, readCustomer } from '../customer/list.ts';
import { changeCustomer, createCustomer, removeCustomer } from '../customer/write.ts';
import { companyOf, found, os } from './base.ts';

export const customers = {
  list: os.customers.list.handler(({ context, input }) =>
    listCustomers(context.session, { ...input, company: context.company }),
  ),
  get: os.customers.get.handler(async ({ context, input, errors }) =>
    found(await readCustomer(context.session, input.id), errors.not_found),
  ),
  create: os.customers.create.handler(({ context, input, errors }) => {
    companyOf(context, errors.company_required);
    return createCustomer(context.session, input);
  }),
  change: os.customers.change.handler(async ({ context, input: { id, ...changes }, errors }) =>
    found(await changeCustomer(context.session, id, changes), errors.not_found),
  ),
  remove: os.customers.remove.handler(async ({ context, input: { id }, errors }) => {
    if (!(await removeCustomer(context.session, id))) throw errors.not_found();
    return { id };
  }),
  balance: os.customers.balance.handler(async ({ context, input: { id, asOf }, errors }) =>
    found(await customerBalance(context.session, id, asOf), errors.not_found),
  ),
  export: os.customers.export.handler(
    async ({ context }) =>
      new File([await exportCustomers(context.session)], 'customers.csv', {
        type: 'text/csv; charset=utf-8',
      }),
  ),
};
