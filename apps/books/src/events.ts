import { z } from 'zod';
import { amount, currencyCode, date, id } from './contract/value.ts';

const invoice = z.object({
  id,
  companyId: id,
  number: z.string(),
  customerId: id,
  customerName: z.string(),
  reference: z.string().nullable(),
  issuedOn: date,
  dueOn: date,
  currency: currencyCode,
  net: amount,
  tax: amount,
  total: amount,
});

/** What endpoints may listen to, queued by the triggers of `sql/0009_event.sql`. */
export const events = {
  'invoice.submitted': {
    description: 'An invoice was submitted: it has its number, and its postings are in the journal.',
    schema: invoice.extend({ cancelledOn: z.null(), cancelReason: z.null() }),
  },
  'invoice.cancelled': {
    description: 'A submitted invoice was cancelled: its reversal is in the journal.',
    schema: invoice.extend({ cancelledOn: date, cancelReason: z.string() }),
  },
  'period.signed-off': {
    description: 'A month was signed off: nothing is posted on or before its end any more.',
    schema: z.object({ periodId: id, companyId: id, closedThrough: date }),
  },
};
