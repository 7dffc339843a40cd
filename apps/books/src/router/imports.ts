import { customerImport, invoiceImport } from '../import/kinds.ts';
import { runImport } from '../import/run.ts';
import { importEvents } from '../import/stream.ts';
import { companyOf, os } from './base.ts';

export const imports = {
  customers: os.imports.customers.handler(({ context: { session, ...context }, input, signal, errors }) => {
    companyOf({ session, ...context }, errors.company_required);
    return importEvents(
      (onProgress, stopped) => runImport(customerImport, { session, ...input, onProgress, signal: stopped }),
      signal,
    );
  }),
  invoices: os.imports.invoices.handler(({ context: { session, ...context }, input, signal, errors }) => {
    companyOf({ session, ...context }, errors.company_required);
    return importEvents(
      (onProgress, stopped) => runImport(invoiceImport, { session, ...input, onProgress, signal: stopped }),
      signal,
    );
  }),
};
