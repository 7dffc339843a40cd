import {
  createLedgerAccount,
  listLedgerAccounts,
  removeLedgerAccount,
  renameLedgerAccount,
} from '../ledgerAccount/ledgerAccount.ts';
import { companyOf, found, os } from './base.ts';

export const ledgerAccounts = {
  list: os.ledgerAccounts.list.handler(({ context, input }) =>
    listLedgerAccounts(context.session, input.type),
  ),
  create: os.ledgerAccounts.create.handler(({ context, input, errors }) => {
    companyOf(context, errors.company_required);
    return createLedgerAccount(context.session, input);
  }),
  rename: os.ledgerAccounts.rename.handler(async ({ context, input, errors }) =>
    found(await renameLedgerAccount(context.session, input), errors.not_found),
  ),
  remove: os.ledgerAccounts.remove.handler(async ({ context, input: { id }, errors }) => {
    if (!(await removeLedgerAccount(context.session, id))) throw errors.not_found();
    return { id };
  }),
};
