import { progressEvents } from '@bulkhead/server/module';
import { customerImport, invoiceImport } from '../import/kinds.ts';
import { runImport } from '../import/run.ts';
import { companyOf, os } from './base.ts';

export const imports = {
  customers: os.imports.customers.handler(({ context: { session, ...context }, input, signal, errors }) => {
    companyOf({ session, ...context }, errors.company_required);
    return progressEvents((watch) => runImport(customerImport, { session, ...input, ...watch }), signal);
  }),
  invoices: os.imports.invoices.handler(({ context: { session, ...context }, input, signal, errors }) => {
    companyOf({ session, ...context }, errors.company_required);
    return progressEvents((watch) => runImport(invoiceImport, { session, ...input, ...watch }), signal);
  }),
};
