import { procedure } from '@bulkhead/server/contract';
import { eventIterator } from '@orpc/contract';
import { z } from 'zod';

const tags = ['Books: imports'];

/** Longest file accepted, in UTF-16 code units. */
export const importMaxLength = 8 * 1024 * 1024;

/** As JSON a file takes more: quotes and line ends are escaped, letters beyond ASCII are several bytes. */
const bodyLimit = 2 * importMaxLength;

/** Most records accepted in one file, the header not counted. */
export const importMaxRecords = 10_000;
/** Most errors reported; `errorCount` counts all of them. */
export const importMaxErrors = 500;

/**
 * `all-or-nothing` writes only if every record is good; `skip-bad-lines` writes the good ones;
 * `dry-run` checks everything as `all-or-nothing` would and writes nothing.
 */
export const importMode = z.enum(['all-or-nothing', 'skip-bad-lines', 'dry-run']);
export type ImportMode = z.infer<typeof importMode>;

/** What is wrong with a record. `line` is where the record starts in the file, from 1; `column` is the header's name. */
export const importError = z.object({
  line: z.int().min(1),
  column: z.string().nullable(),
  code: z.string(),
  message: z.string(),
});
export type ImportError = z.infer<typeof importError>;

/** Any number of `progress`, then one `done`. Nothing is written before `done`; disconnecting earlier writes nothing. */
export const importEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    stage: z.enum(['reading', 'writing']),
    done: z.int(),
    total: z.int(),
  }),
  z.object({
    type: z.literal('done'),
    /** Records written; 0 in a dry run and in an all-or-nothing import that has errors. */
    imported: z.int(),
    /** Records that are or would be left out. */
    skipped: z.int(),
    total: z.int(),
    written: z.boolean(),
    errorCount: z.int(),
    errors: z.array(importError),
  }),
]);
export type ImportEvent = z.infer<typeof importEvent>;

/**
 * The file's text, decoded from UTF-8 by whoever sends it, with or without a byte order mark; delimiter `,` or `;`,
 * found from the header. Text with a replacement character (U+FFFD) was decoded wrongly and is refused.
 */
const input = z.strictObject({
  csv: z.string().max(importMaxLength),
  mode: importMode.default('all-or-nothing'),
});

export const imports = {
  customers: procedure({ permission: 'books:import.run', rate: 'heavy', bodyLimit })
    .route({
      method: 'POST',
      path: '/imports/customers',
      summary: 'Import customers: code, name [, email, phone, tax_id, street, postal_code, city, country]',
      tags,
    })
    .input(input)
    .output(eventIterator(importEvent)),
  invoices: procedure({ permission: 'books:import.run', rate: 'heavy', bodyLimit })
    .route({
      method: 'POST',
      path: '/imports/invoices',
      summary:
        'Import draft invoices, one record per line of an invoice: reference, customer_code, issued_on, due_on, description, quantity, unit_price [, tax_rate, currency, account_code]',
      tags,
    })
    .input(input)
    .output(eventIterator(importEvent)),
};
