import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import {
  amount,
  currencyCode,
  date,
  givenAmount,
  id,
  line,
  page,
  pageOf,
  search,
  timestamp,
} from './value.ts';

const tags = ['Books: journal'];

export const entryKind = z.enum(['manual', 'invoice', 'reversal']);

/** One side of an entry. Exactly one of `debit` and `credit` is above zero; the other is `0` with the currency's decimals. */
export const posting = z.object({
  id,
  position: z.int().min(1),
  ledgerAccountId: id,
  ledgerAccountCode: z.string(),
  ledgerAccountName: z.string(),
  customerId: id.nullable(),
  debit: amount,
  credit: amount,
});

export const journalEntry = z.object({
  id,
  companyId: id,
  /** Gapless per company, from 1. */
  number: z.int(),
  kind: entryKind,
  postedOn: date,
  memo: z.string(),
  currency: currencyCode,
  /** Sum of debits, which equals the sum of credits. */
  total: amount,
  invoiceId: id.nullable(),
  /** The entry this one reverses. */
  reversesId: id.nullable(),
  /** The entry that reverses this one. */
  reversedById: id.nullable(),
  createdAt: timestamp,
  postings: z.array(posting),
});
export type JournalEntry = z.infer<typeof journalEntry>;

/** A posting as given: exactly one of `debit` and `credit`. `customerId` settles or charges that customer's balance. */
export const newPosting = z
  .strictObject({
    ledgerAccountId: id,
    customerId: id.optional(),
    debit: givenAmount.optional(),
    credit: givenAmount.optional(),
  })
  .refine(
    (given) => (given.debit === undefined) !== (given.credit === undefined),
    'Give either debit or credit',
  );

export const newEntry = z.strictObject({
  postedOn: date,
  memo: line(500),
  postings: z.array(newPosting).min(2).max(200),
});
export type NewEntry = z.output<typeof newEntry>;

export const journal = {
  list: procedure({ permission: 'books:journal.read', rate: 'read' })
    .route({
      method: 'GET',
      path: '/journal',
      summary: 'List journal entries with postings, latest first',
      tags,
    })
    .input(
      z.strictObject({
        from: date.optional(),
        to: date.optional(),
        ledgerAccountId: id.optional(),
        customerId: id.optional(),
        kind: entryKind.optional(),
        search,
        ...page,
      }),
    )
    .output(pageOf(journalEntry)),
  get: procedure({ permission: 'books:journal.read', rate: 'read' })
    .route({ method: 'GET', path: '/journal/{id}', summary: 'Read a journal entry', tags })
    .input(z.strictObject({ id }))
    .output(journalEntry),
  post: procedure({ permission: 'books:journal.post', rate: 'write' })
    .route({ method: 'POST', path: '/journal', summary: 'Post a manual entry', tags, successStatus: 201 })
    .input(newEntry)
    .output(journalEntry),
  reverse: procedure({ permission: 'books:journal.post', rate: 'write' })
    .route({
      method: 'POST',
      path: '/journal/{id}/reverse',
      summary: 'Reverse a manual entry; entries of invoices are reversed by cancelling the invoice',
      tags,
    })
    .input(z.strictObject({ id, memo: line(500).optional(), on: date.optional() }))
    .output(journalEntry),
};
