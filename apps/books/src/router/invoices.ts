import { changeDraft, createDraft, removeDraft } from '../invoice/draft.ts';
import { listInvoices } from '../invoice/list.ts';
import { readInvoice } from '../invoice/read.ts';
import { cancelInvoice, submitInvoice } from '../invoice/transition.ts';
import { companyOf, found, os } from './base.ts';

export const invoices = {
  list: os.invoices.list.handler(({ context, input }) =>
    listInvoices(context.session, { ...input, company: context.company }),
  ),
  get: os.invoices.get.handler(async ({ context, input, errors }) =>
    found(await readInvoice(context.session, input.id), errors.not_found),
  ),
  create: os.invoices.create.handler(async ({ context, input, errors }) => {
    companyOf(context, errors.company_required);
    const id = await createDraft(context.session, input);
    return found(await readInvoice(context.session, id), errors.not_found);
  }),
  change: os.invoices.change.handler(async ({ context, input: { id, ...changes }, errors }) => {
    if (!(await changeDraft(context.session, id, changes))) throw errors.not_found();
    return found(await readInvoice(context.session, id), errors.not_found);
  }),
  remove: os.invoices.remove.handler(async ({ context, input: { id }, errors }) => {
    if (!(await removeDraft(context.session, id))) throw errors.not_found();
    return { id };
  }),
  submit: os.invoices.submit.handler(async ({ context, input: { id }, errors }) => {
    if (!(await submitInvoice(context.session, id))) throw errors.not_found();
    return found(await readInvoice(context.session, id), errors.not_found);
  }),
  cancel: os.invoices.cancel.handler(async ({ context, input: { id, ...cancellation }, errors }) => {
    if (!(await cancelInvoice(context.session, id, cancellation))) throw errors.not_found();
    return found(await readInvoice(context.session, id), errors.not_found);
  }),
};
