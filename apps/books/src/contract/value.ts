import { z } from 'zod';

/** UUID of any row. */
export const id = z.uuid();

/** Calendar date, `YYYY-MM-DD`, a day that exists. */
export const date = z.iso.date();

/** Point in time, ISO 8601 with offset. */
export const timestamp = z.iso.datetime({ offset: true });

/** ISO 4217 code, such as `EUR`. */
export const currencyCode = z.string().regex(/^[A-Z]{3}$/, 'An ISO 4217 code: three capital letters');

/** Amount of money read from the ledger: decimal string, may be negative, never a float. */
export const amount = z.string().regex(/^-?\d{1,20}(\.\d{1,4})?$/);

/** Amount of money given: decimal string, not negative, at most 14 digits and 4 decimals. */
export const givenAmount = z
  .string()
  .regex(
    /^\d{1,14}(\.\d{1,4})?$/,
    'A decimal string without sign: at most 14 digits, a point, at most 4 decimals',
  );

/** Quantity of an invoice line: decimal string above zero, at most 8 digits and 4 decimals. */
export const quantity = z
  .string()
  .regex(
    /^(?=.*[1-9])\d{1,8}(\.\d{1,4})?$/,
    'A decimal string above zero: at most 8 digits, a point, at most 4 decimals',
  );

/** Tax rate in percent: decimal string, 0 to 100 with at most 2 decimals. */
export const taxRate = z
  .string()
  .regex(/^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$/, 'Percent from 0 to 100 with at most 2 decimals');

/** Text of one line: no control characters, trimmed. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'No control characters');

/** Text of several lines: no control characters but tab and line ends. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'No control characters');

/** What a list is searched for, at most 100 characters. */
export const search = text(100).optional();

/** Short business code: capital letters, digits and `. _ / -`, at most 32. */
export const code = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z0-9][A-Z0-9._/-]{0,31}$/, 'Letters, digits and . _ / - only, at most 32 characters');

/** Paging input of every list: `limit` 1 to 200, default 50; `cursor` is `nextCursor` of the page before. */
export const page = {
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
};

/** One page of a list. `nextCursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
