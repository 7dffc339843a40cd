import { listJournal, readEntry } from '../journal/list.ts';
import { postEntry, reverseEntry } from '../journal/post.ts';
import { companyOf, found, os } from './base.ts';

export const journal = {
  list: os.journal.list.handler(({ context, input }) =>
    listJournal(context.session, { ...input, company: context.company }),
  ),
  get: os.journal.get.handler(async ({ context, input, errors }) =>
    found(await readEntry(context.session, input.id), errors.not_found),
  ),
  post: os.journal.post.handler(async ({ context, input, errors }) => {
    companyOf(context, errors.company_required);
    const id = await postEntry(context.session, input);
    return found(await readEntry(context.session, id), errors.not_found);
  }),
  reverse: os.journal.reverse.handler(async ({ context, input: { id, ...reversal }, errors }) => {
    const reversed = found(await reverseEntry(context.session, id, reversal), errors.not_found);
    return found(await readEntry(context.session, reversed), errors.not_found);
  }),
};
