import { changeProfile, openBooks } from '../profile/open.ts';
import { listCurrencies, listProfiles, readProfile } from '../profile/profile.ts';
import { companyOf, found, os } from './base.ts';

export const profiles = {
  list: os.profiles.list.handler(({ context }) => listProfiles(context.session)),
  get: os.profiles.get.handler(async ({ context, errors }) =>
    found(await readProfile(context.session, companyOf(context, errors.company_required)), errors.not_found),
  ),
  open: os.profiles.open.handler(async ({ context, input, errors }) => {
    const company = companyOf(context, errors.company_required);
    return await context.session.transaction(async (tx) => {
      await openBooks(tx, input);
      return found(await readProfile(tx, company), errors.not_found);
    });
  }),
  change: os.profiles.change.handler(async ({ context, input, errors }) => {
    const company = companyOf(context, errors.company_required);
    if (!(await changeProfile(context.session, company, input))) throw errors.not_found();
    return found(await readProfile(context.session, company), errors.not_found);
  }),
  currencies: os.profiles.currencies.handler(({ context }) => listCurrencies(context.session)),
};
